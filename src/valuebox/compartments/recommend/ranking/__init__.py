"""What visitors see next, from sessions of others: no SQL and no HTTP.

What others build on:

- `setting.Setting`: all that can be tuned, a pydantic model with defaults.
- `index.Index.build(sessions, items, times, item_ids, setting)` makes an index of clicks by column;
  `index.save(folder)` writes it as plain files, and `Index.open(folder)` maps these, so that
  several processes share them.
- `delta.Delta.build(index, sessions, items, times, item_ids)` has the clicks that have come since.
  Its session numbers are those of the index, its item codes are its own. It is built anew, and
  swapped whole, every few seconds.
- `recommender.Recommender(index, delta, ranker, attributes)` is what answers; it is made anew
  whenever one of its parts is, and any number of threads may ask it.
  `answer(seen, count, fresh, again, exclude, only, explain)` takes ids of items, oldest first,
  and returns a `Recommended(items, scores, reasons, generator, filled)`; what is like an item is
  the answer to that item alone. `popular(count, lately, exclude, only)` asks for no visitor, and
  `unseen.nearest(codes, weights, count)` finds what no session has yet.
- `attributes.Attributes.of(index, item_ids, categories, prices, available)` is what a catalogue
  knows, brought into the order of an index once.
- `ranker.Ranker` puts candidates into order; `model` saves the rankers and settings of all shops.

A session is whatever number its caller gives it. It is split where nothing happened for half an
hour, and left out where it looks like a machine's (`bots`).
"""

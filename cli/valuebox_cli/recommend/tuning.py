"""A setting for a shop, looked for and saved by itself."""

from typing import TYPE_CHECKING, Final

from valuebox.compartments.recommend.model import Learned
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox.store.engine import Store
from valuebox_cli.recommend.learning import save, shops_of, views_of
from valuebox_training.recommend.questions import Log
from valuebox_training.recommend.tuning import Tuned, Tuning, tune

if TYPE_CHECKING:
    from distributed import Client

_USUAL: Final = Tuning()


def tune_shop(
    store: Store,
    source: str,
    name: str,
    how: Tuning = _USUAL,
    client: "Client | None" = None,
) -> list[str]:
    """Look for a better setting, save it where it is surely better, and tell, a line each.

    Args:
        store: Where the views are.
        source: The shop.
        name: Name of the model, whose setting is where the search begins.
        how: How to look.
        client: Of a Dask cluster that tries settings; None tries them here.

    Raises:
        ValueboxError: where no view of the shop is stored.
    """
    before = shops_of(name).get(source, Learned())
    log = Log.of(*views_of(store, source), Setting())
    tuned = tune(log, before.setting, how, client=client)
    if tuned.tried == before.setting:
        return [_nothing(tuned)]
    was, tried = before.setting.model_dump(), tuned.tried.model_dump()
    said = [
        "best that was tried: "
        + ", ".join(
            f"{field} {value:g}, so far {was[field]:g}"
            for field, value in tried.items()
            if value != was[field]
        )
    ]
    gained = (
        f"{tuned.gain.mean:+.4f} in NDCG@20 on {tuned.questions:,} questions that did not choose; "
        f"the noise is {how.sure:g} × {tuned.gain.error:.4f}"
    )
    if tuned.setting == before.setting:
        return [*said, f"refused: {gained}"]
    learned = before._replace(setting=tuned.setting, fresh=None, repeating=None)
    tag = save(learned, log, source, name, [gained])
    said += [f"better: {gained}", f"saved as {tag}"]
    if before.fresh or before.repeating:
        said.append(
            "its rankers had learned with the setting so far, and are left out: "
            f"`valuebox recommend train --source {source}` learns new ones"
        )
    return said


def _nothing(tuned: Tuned) -> str:
    if tuned.questions:
        asked = f"{tuned.questions:,} questions"
        return f"the setting stays: of what was tried, nothing answers {asked} better"
    return "the setting stays: the newest sessions have too few views to tell"

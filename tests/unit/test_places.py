from contextlib import ExitStack

from valuebox.places import Places


def test_a_key_and_an_address_have_a_share_and_give_it_back() -> None:
    places = Places(16)
    with ExitStack() as stack:
        for _ in range(12):
            assert places.are_free("one", "10.0.0.1")
            stack.enter_context(places.taken("one", "10.0.0.1"))
        assert not places.are_free("one", "10.0.0.2")
        for _ in range(2):
            assert places.are_free("another", "10.0.0.1")
            stack.enter_context(places.taken("another", "10.0.0.1"))
        assert not places.are_free("a third", "10.0.0.1")
        assert not places.are_free(None, "10.0.0.1")
        assert places.are_free("a third", "10.0.0.2")
        # Behind a proxy that names nobody; and where no key is asked for.
        for who in (("a third", None), (None, "10.0.0.2")):
            assert places.are_free(*who)
            stack.enter_context(places.taken(*who))
        assert not places.are_free("a fourth", "10.0.0.3")
    assert places.are_free("one", "10.0.0.1")
    # Nobody is remembered: addresses are many.
    assert not places._by


def test_a_single_place_is_for_anybody() -> None:
    places = Places(1)
    assert places.are_free("one", "10.0.0.1")
    with places.taken("one", "10.0.0.1"):
        assert not places.are_free("another", "10.0.0.2")

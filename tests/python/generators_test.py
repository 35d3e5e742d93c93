"""Generators: what comes when."""

import random

import pytest
from synchrodb import generators as gen
from synchrodb.generators import preview


def ops(f):
    return lambda: {"f": f}


def functions(seen):
    return "".join(f for _, f in seen)


def test_what_is_a_generator():
    assert preview(None) == []
    assert preview([]) == []
    assert functions(preview([{"f": "a"}, None, [{"f": "b"}, {"f": "c"}]])) == "abc"
    assert functions(preview(gen.limit(3, ops("a")))) == "aaa"


def test_a_function_may_take_the_context_and_end():
    def counted(context):
        return {"f": "a"} if context.seconds < 3 else None

    assert len(preview(gen.delay(1, counted))) == 3


def test_a_function_may_return_a_generator():
    assert functions(preview(gen.limit(5, lambda: [{"f": "a"}, {"f": "b"}]))) == "ababa"


@pytest.mark.parametrize("wrong, text", [
    (3, "3 is no generator"),
    ("read", "'read' is no generator"),
    (iter([]), "an iterator, which can be asked only once"),
    ((x for x in ()), "an iterator, which can be asked only once"),
    (lambda a, b: None, "takes 2 arguments"),
])
def test_what_is_no_generator(wrong, text):
    with pytest.raises(TypeError, match=text):
        gen.limit(1, wrong)


@pytest.mark.parametrize("make, error, text", [
    (lambda: gen.limit(-1, None), ValueError, "count: -1 is negative"),
    (lambda: gen.limit("2", None), TypeError, "count: must be an integer, not str"),
    (lambda: gen.stagger("1", None), TypeError, "seconds: must be seconds as a number, not str"),
    (lambda: gen.delay(-1, None), ValueError, "seconds: -1 is not a time"),
    (lambda: gen.delay(float("nan"), None), ValueError, "seconds: nan is not a time"),
    (lambda: gen.mix(None, None, weights=[1]), ValueError, "weights: 1 of them for 2 generators"),
    (lambda: gen.mix(None, weights=[0]), ValueError, "weights: each must be positive"),
    (lambda: gen.reserve(1, None), ValueError, "give pairs of a count and a generator"),
    (lambda: preview(gen.reserve(3, ops("a"), ops("b")), clients=2), ValueError,
     "3 clients are reserved, there are 2"),
])
def test_bad_arguments_are_named(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_mix_goes_on_without_those_that_end():
    seen = functions(preview(gen.mix(gen.limit(3, ops("a")), gen.limit(5, ops("b")))))
    assert sorted(seen) == list("aaabbbbb")


def test_stagger_keeps_the_rate_of_all_clients_together():
    for clients in (1, 10):
        seen = preview(gen.time_limit(100, gen.stagger(0.1, ops("a"))), clients=clients, most=5000)
        assert 900 < len(seen) < 1100


def test_stagger_does_not_make_up_for_what_was_late():
    seen = preview(gen.limit(20, gen.stagger(0.1, ops("a"))), clients=1, latency=5.0)
    pauses = [b - a for (a, _), (b, _) in zip(seen, seen[1:])]
    assert all(5 <= pause < 5.3 for pause in pauses)


def test_phases_wait_for_what_is_open():
    phased = gen.phases(gen.limit(3, ops("a")), gen.sleep(2), {"f": "b"})
    assert preview(phased, clients=3, latency=1.0) == [(0, "a"), (0, "a"), (0, "a"), (3, "b")]


def test_reserve_gives_each_its_clients():
    reserved = gen.reserve(1, gen.limit(2, ops("a")), 2, gen.limit(4, ops("b")),
                           gen.limit(1, ops("c")))
    seen = preview(reserved, clients=4, latency=1.0)
    assert sorted(f for time, f in seen if time == 0) == list("abbc")
    assert sorted(f for time, f in seen if time == 1) == list("abb")


def test_a_part_of_reserve_that_sleeps_wakes_though_others_are_busy():
    reserved = gen.reserve(1, [gen.sleep(2), {"f": "a"}],
                           gen.time_limit(5, gen.delay(0.3, ops("b"))))
    assert (2.0, "a") in [(round(t, 1), f) for t, f in preview(reserved, clients=2)]


def test_each_client_has_its_own():
    seen = preview(gen.each_client([{"f": "a"}, {"f": "b"}]), clients=3, latency=1.0)
    assert seen == [(0, "a")] * 3 + [(1, "b")] * 3


def test_each_client_of_those_reserved_has_its_own():
    nested = gen.reserve(2, None, gen.reserve(1, {"f": "a"}, gen.each_client([{"f": "b"}])))
    assert preview(nested, clients=5) == [(0, "a"), (0, "b"), (0, "b")]


def test_until_ok_goes_on_after_a_failure():
    context = gen.Context(0, [0], 1, [0], random.Random(0))
    asked, after = gen.until_ok(ops("a")).op(context)
    event = {**asked, "type": "fail"}
    again, after = after.update(context, event).op(context)
    assert again["f"] == "a"
    assert after.update(context, {**again, "type": "ok"}).op(context) is None


def test_until_ok_heeds_only_its_own():
    context = gen.Context(0, [0, 1], 2, [0, 1], random.Random(0))
    _, after = gen.until_ok(ops("a")).op(context)
    others = after.update(context, {"f": "x", "client": 1, "type": "ok"})
    assert others.op(context) is not None


def test_time_limit_counts_from_its_first_operation():
    late = [gen.sleep(10), gen.time_limit(2, gen.delay(1, ops("a")))]
    assert preview(late) == [(10, "a"), (11, "a")]


def test_time_limit_ends_a_wait():
    waiting = [gen.time_limit(3, gen.sleep(100)), {"f": "a"}]
    assert preview(waiting) == [(3, "a")]


def test_repeat():
    assert functions(preview(gen.repeat([{"f": "a"}, {"f": "b"}], 2))) == "abab"
    assert functions(preview(gen.limit(3, gen.repeat({"f": "a"})))) == "aaa"
    assert preview(gen.repeat(None)) == []
    assert preview(gen.repeat({"f": "a"}, 0)) == []


def test_flip_flop_ends_with_the_first_that_ends():
    assert functions(preview(gen.flip_flop(ops("a"), gen.limit(2, ops("b"))))) == "ababa"


def test_asking_changes_nothing():
    generator = gen.reserve(1, gen.limit(2, ops("a")), gen.phases(gen.stagger(1, ops("b"))))
    context = gen.Context(0, [0, 1], 2, [0, 1], random.Random(0))
    assert [generator.op(context)[0] for _ in range(3)] == [generator.op(context)[0]] * 3

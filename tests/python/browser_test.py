"""The interactive space-time diagram in a real browser: zoom, pan, filters, tooltips, speed."""

import re
import shutil

import numpy as np
import pytest
import synchrodb as sdb
from synchrodb.anomaly import anomaly
from synchrodb.report import report

if not shutil.which("chromium") or not shutil.which("chromedriver"):
    pytest.skip("needs chromium and chromium-driver", allow_module_level=True)
webdriver = pytest.importorskip("selenium.webdriver", reason="needs python3-selenium")

from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

BEYOND = sdb.PlanShape(time=30, beyond_budget=True, faults=["lying-sync", "crash", "loss"])


@pytest.fixture(scope="module")
def browser():
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1300,800",
                     "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
    driver.set_page_load_timeout(60)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def run():
    """A minute of five nodes: more than 50,000 messages."""
    return sdb.Test(nodes=5, workload=sdb.workloads.cas_register(keys=8, rate=200), time_limit=60,
                    nemesis=sdb.nemesis.partition("ring", every=8, lasting=3)
                    + sdb.nemesis.crash(every=7)).simulate(7)


@pytest.fixture(scope="module")
def pages(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    run.spacetime_html(folder / "run.html")
    return folder


@pytest.fixture
def shown(browser, pages):
    """The page of the run, all of it in view."""
    browser.get("about:blank")
    browser.get((pages / "run.html").as_uri() + "#t=0,100")
    wait(browser)
    return browser


@pytest.fixture(autouse=True)
def no_complaints(browser):
    yield
    errors = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert errors == []


def wait(browser):
    """Until it is drawn."""
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame("
                                 "arguments[arguments.length - 1]))")


def status(browser):
    """How many messages of how many are shown, how many of them are lost."""
    wait(browser)
    text = browser.find_element(By.ID, "status").text.replace(",", "")
    return tuple(int(number) for number in re.match(
        r"(\d+) of (\d+) messages (\d+) lost", text).groups())


def view(browser):
    """The window in the address, in seconds."""
    wait(browser)
    begin, end = re.search(r"#t=([\d.]+),([\d.]+)", browser.current_url).groups()
    return float(begin), float(end)


def between(run, begin, end):
    """How many messages are under way in a window."""
    table = run.messages
    over = np.maximum(table["delivered"], table["lost"])
    kept = (table["sent"] <= end * 1e9) & ((over >= begin * 1e9) | (over < 0))
    return int(kept.sum())


def canvas(browser):
    return browser.find_element(By.ID, "picture")


def test_all_messages_are_there(shown, run):
    total, lost = len(run.messages), int((run.messages["lost"] >= 0).sum())
    assert total > 50_000
    assert status(shown) == (total, total, lost)
    assert "one in" in shown.find_element(By.ID, "status").text
    painted = shown.execute_script(
        "const at = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;"
        "const seen = new Set(); for (let i = 0; i < at.length; i += 4)"
        " seen.add(at[i] << 16 | at[i + 1] << 8 | at[i + 2]); return seen.size")
    assert painted > 100


def test_the_wheel_zooms_in_around_the_pointer(shown, run):
    before = view(shown)
    box = canvas(shown).size
    origin = ScrollOrigin.from_element(canvas(shown), box["width"] // 4 - box["width"] // 2, 0)
    around = shown.execute_script("return timeAt(arguments[0])", box["width"] // 4) / 1e9
    for _ in range(12):
        ActionChains(shown).scroll_from_origin(origin, 0, -300).perform()
    begin, end = view(shown)
    assert (end - begin) < (before[1] - before[0]) / 100
    assert begin < around < end
    assert shown.execute_script("return timeAt(arguments[0])", box["width"] // 4) / 1e9 == (
        pytest.approx(around, abs=(end - begin) / 50))
    assert status(shown)[0] == pytest.approx(between(run, begin, end), abs=2)
    assert 0 < status(shown)[0] < len(run.messages) / 50
    for _ in range(20):
        ActionChains(shown).scroll_from_origin(origin, 0, 300).perform()
    assert view(shown) == before


def test_dragging_pans(shown):
    shown.execute_script("setView(20e9, 24e9)")
    begin, end = view(shown)
    ActionChains(shown).move_to_element(canvas(shown)).click_and_hold().move_by_offset(
        -300, 0).release().perform()
    moved = view(shown)
    seconds = 300 / shown.execute_script("return width - margin.left - margin.right") * 4
    assert moved[0] - begin == pytest.approx(seconds, rel=0.05)
    assert moved[1] - moved[0] == pytest.approx(end - begin)
    ActionChains(shown).move_by_offset(50, 0).perform()
    assert view(shown) == moved  # let go


def test_keys_and_buttons(shown):
    shown.find_element(By.ID, "zoom-in").click()
    begin, end = view(shown)
    whole = shown.execute_script("return whole")
    assert end - begin == pytest.approx((whole[1] - whole[0]) / 2e9, rel=1e-6)
    canvas(shown).send_keys("+")
    narrower = view(shown)
    assert narrower[1] - narrower[0] == pytest.approx((end - begin) / 2, rel=1e-6)
    canvas(shown).send_keys(Keys.ARROW_RIGHT)
    assert view(shown)[0] > narrower[0]
    canvas(shown).send_keys("0")
    assert view(shown) == (whole[0] / 1e9, whole[1] / 1e9)


def test_types_of_messages_are_filtered(shown, run):
    total = status(shown)[0]
    button = shown.find_element(By.CSS_SELECTOR, "[data-type=append-reply]")
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    hidden = int((run.messages["type"] == "append-reply").sum())
    assert hidden > 1_000 and status(shown)[0] == total - hidden
    assert "no-type=append-reply" in shown.current_url
    button.click()
    assert status(shown)[0] == total
    ActionChains(shown).key_down(Keys.SHIFT).click(button).key_up(Keys.SHIFT).perform()
    assert status(shown)[0] == hidden
    ActionChains(shown).key_down(Keys.SHIFT).click(button).key_up(Keys.SHIFT).perform()
    assert status(shown)[0] == total


def test_nodes_are_filtered(shown, run):
    table = run.messages
    shown.find_element(By.CSS_SELECTOR, "[data-node=n2]").click()
    left = int(((table["from"] != 2) & (table["to"] != 2)).sum())
    assert status(shown)[0] == left < len(table)
    assert shown.execute_script("return shownLanes.map(lane => lane.name)")[:3] == [
        "n1", "n3", "n4"]


def test_events_are_filtered(shown):
    count = "return visibleEvents().length"
    before = shown.execute_script(count)
    kinds = "return events.event.filter(e => data.eventNames[e] === 'vote-granted').length"
    hidden = shown.execute_script(kinds)
    shown.find_element(By.CSS_SELECTOR, "[data-event=vote-granted]").click()
    assert hidden > 0 and shown.execute_script(count) == before - hidden


def test_a_view_can_be_handed_on(shown, browser, pages):
    browser.get("about:blank")
    browser.get((pages / "run.html").as_uri() + "#t=16,17&no-type=request,reply&no-node=n5")
    wait(browser)
    assert view(browser) == (16.0, 17.0)
    pressed = {button.text: button.get_attribute("aria-pressed")
               for button in browser.find_elements(By.CSS_SELECTOR, "nav button")}
    assert [name for name, value in pressed.items() if value == "false"] == [
        "n5", "request", "reply"]


def test_pointing_at_a_message_tells_of_it(shown, run):
    table = run.messages
    lost = np.flatnonzero((table["lost"] >= 0) & (table["sent"] > 16e9) & (table["from"] < 1_001)
                          & (table["to"] < 1_001))[0]
    sent = int(table["sent"][lost])
    shown.execute_script("setView(arguments[0] - 2e6, arguments[0] + 2e6)", sent)
    wait(shown)
    x, y = shown.execute_script(
        "const i = drawn.messages.find(i => messages.sent[i] === arguments[0]"
        " && messages.from[i] === arguments[1] && messages.fate[i] > 0); const e = ends(i);"
        "return [e[0] * 0.4 + e[2] * 0.6, e[1] * 0.4 + e[3] * 0.6]", sent, int(table["from"][lost]))
    box = canvas(shown).size
    ActionChains(shown).move_to_element_with_offset(
        canvas(shown), round(x - box["width"] / 2), round(y - box["height"] / 2)).perform()
    tip = shown.find_element(By.ID, "tip").text
    assert str(table["type"][lost]) in tip and f"lost {table['lost'][lost] / 1e9:.6f}" in tip
    assert f"n{table['from'][lost]} →" in tip and str(table["why"][lost]) in tip


def test_tens_of_thousands_of_messages_stay_fluid(shown):
    took = shown.execute_script("""
        const times = [];
        for (let i = 0; i < 12; ++i) {
          view.begin += 1e6; view.end += 1e6;
          const begun = performance.now();
          draw();
          pen.getImageData(0, 0, 1, 1);  // until it is really drawn
          times.push(performance.now() - begun);
        }
        return times.sort((a, b) => a - b)[6];""")
    assert took < 400, f"{took} ms a frame, drawn without a graphics card"


def test_the_anomaly_is_where_it_begins(browser, tmp_path):
    runs = (sdb.simulate(sdb.generate_plan(seed, BEYOND)) for seed in range(100))
    bad = next(run for run in runs if run.verdict == "violation")
    page = bad.spacetime_html(tmp_path / "bad.html")
    browser.get(page.as_uri())
    begin, end = view(browser)
    moment = anomaly(bad).time / 1e9
    assert begin < moment < end and end - begin < 0.1
    assert f"violation of {bad.violated}" in browser.find_element(By.TAG_NAME, "h1").text
    assert bad.detail.split("\n")[0] in browser.find_element(By.ID, "detail").text
    x = browser.execute_script("return x(data.anomaly.time)")
    colour = browser.execute_script(
        "const s = window.devicePixelRatio || 1;"
        "return [...pen.getImageData(arguments[0] * s, 40 * s, 1, 1).data].slice(0, 3)", x)
    assert colour == [0xd5, 0x5e, 0x00]
    canvas(browser).send_keys("0")
    assert view(browser)[0] == 0
    browser.find_element(By.ID, "to-anomaly").click()
    assert view(browser) == (begin, end)


def test_the_causal_chain_is_a_list_and_a_line(browser, tmp_path):
    runs = (sdb.simulate(sdb.generate_plan(seed, BEYOND)) for seed in range(100))
    bad = next(run for run in runs if run.verdict == "violation")
    story = bad.explain()
    browser.get(story.html(tmp_path / "story.html").as_uri())
    lines = browser.find_elements(By.CSS_SELECTOR, "#chain li")
    assert len(lines) == len(story.chain) > 2
    for line, step in zip(lines, story.chain, strict=True):
        assert step.words in line.text
    lines[1].click()
    begin, end = view(browser)
    assert begin <= story.chain[1].begin / 1e9 and story.chain[1].end / 1e9 <= end
    assert lines[1].get_attribute("aria-current") == "true"
    canvas(browser).send_keys("n")
    wait(browser)
    assert [line.get_attribute("aria-current") for line in lines[:3]] == ["false", "false", "true"]
    place = browser.execute_script(
        "return [x(chain[current].begin), laneOf.get(chain[current].from)]")
    colour = browser.execute_script(
        "const s = window.devicePixelRatio || 1;"
        "return [...pen.getImageData(arguments[0] * s, arguments[1] * s, 1, 1).data].slice(0, 3)",
        *place)
    assert colour != [0xff, 0xff, 0xff]
    browser.find_element(By.ID, "to-chain").click()
    begin, end = view(browser)
    assert begin <= story.chain[0].begin / 1e9 and story.chain[-1].end / 1e9 <= end


def test_without_a_chain_there_is_no_list(shown):
    assert not shown.find_element(By.ID, "story").is_displayed()


def test_an_empty_run_is_a_page_too(browser, tmp_path):
    browser.get(sdb.Run(verdict="ok").spacetime_html(tmp_path / "empty.html").as_uri())
    assert status(browser) == (0, 0, 0)


def test_hostile_words_do_nothing(browser, tmp_path):
    hostile = "</script><script>document.title = 'taken'</script><img src=x onerror=alert(1)>"
    history = sdb.History.from_events([
        {"type": "invoke", "process": hostile, "f": hostile, "key": hostile, "value": hostile,
         "time": 1_000}])
    bad = sdb.Run(verdict="violation", violated=hostile, detail=hostile, history=history,
                  reproduce=hostile, world="real", logs={"node-1": hostile})
    browser.get(bad.spacetime_html(tmp_path / "bad.html").as_uri())
    wait(browser)
    assert browser.find_element(By.ID, "detail").text == hostile
    assert browser.find_elements(By.TAG_NAME, "img") == []
    (tmp_path / "report.html").write_text(report(bad))
    browser.get((tmp_path / "report.html").as_uri())
    assert browser.title != "taken"
    assert browser.execute_script(
        "return [...document.images].every(image => image.src.startsWith('data:'))")


def test_a_report_has_the_diagram_inside_and_asks_for_nothing(browser, tmp_path):
    run = sdb.Test(nodes=3, time_limit=8).simulate(3)
    (tmp_path / "report.html").write_text(report(run))
    browser.get((tmp_path / "report.html").as_uri())
    frame = browser.find_element(By.TAG_NAME, "iframe")
    browser.execute_script("arguments[0].scrollIntoView()", frame)
    asked = browser.execute_script(
        "return performance.getEntriesByType('resource').map(each => each.name)"
        ".filter(name => !name.startsWith('data:'))")
    assert asked == []
    browser.switch_to.frame(frame)
    assert status(browser)[0] > 0
    browser.switch_to.default_content()

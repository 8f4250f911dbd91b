"""How smoothly the studio's grid of photos scrolls: frame times, long tasks, and CPU time of the page's one thread.

    mekiki studio PHOTOS --no-show --port 8773 &
    python benchmarks/studio_scroll.py http://127.0.0.1:8773 /absolute/path/of/PHOTOS

Needs Playwright and its Chromium. Say what else the machine was doing: frame times count it, CPU time does not.
"""

from __future__ import annotations

import argparse
import json
import shutil
from urllib.parse import urlencode

from playwright.sync_api import sync_playwright

SPEEDS = (0, 600, 3_000, 20_000)
"""Pixels a second."""
SECONDS = 6
SCROLL = """async ([speed, seconds]) => {
  const grid = document.querySelector('.dt-grid');
  grid.scrollTop = 0;
  await new Promise(r => setTimeout(r, 1500));
  const frames = [], longs = [];
  let last = performance.now(), way = 1;
  const begin = last;
  new PerformanceObserver(list => longs.push(...list.getEntries())).observe({type: 'longtask'});
  await new Promise(done => {
    const step = now => {
      frames.push(now - last);
      grid.scrollTop += way * speed * (now - last) / 1000;
      last = now;
      if (grid.scrollTop + grid.clientHeight >= grid.scrollHeight - 2) way = -1;
      if (grid.scrollTop <= 0) way = 1;
      if (now - begin < seconds * 1000) requestAnimationFrame(step); else done();
    };
    requestAnimationFrame(step);
  });
  frames.sort((a, b) => a - b);
  const at = share => Math.round(10 * frames[Math.floor(share * (frames.length - 1))]) / 10;
  return {frames: frames.length, median: at(.5), p95: at(.95), p99: at(.99), worst: at(1), long_tasks: longs.length,
          nodes: grid.querySelectorAll('*').length};
}"""


def main() -> None:
    """Print one line of JSON a speed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("photos")
    given = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(60_000)
        page.goto(f"{given.address}/data?{urlencode({'photos': given.photos, 'view': 'photos'})}")
        page.wait_for_selector(".dt-cell")
        page.wait_for_timeout(2000)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})

        def busy() -> float:
            metrics = session.send("Performance.getMetrics")["metrics"]
            return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")

        for speed in SPEEDS:
            before = busy()
            seen = page.evaluate(SCROLL, [speed, SECONDS])
            spent = 1000 * (busy() - before) / seen["frames"]
            print(json.dumps({"pixels_per_second": speed, **seen, "cpu_ms_per_frame": round(spent, 1)}))
        browser.close()


if __name__ == "__main__":
    main()

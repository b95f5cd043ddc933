// The peer of `./dev bench panel`: a page with the same things in Chromium, without waiting for a display's refresh.
//   node chromium.mjs MODULES CHROMIUM PAGE TURNS
// Prints a figure a line. A turn ends when Chromium begins the frame after the one that shows what changed: then that
// one is handed over, and nothing earlier is seen from inside.
import { createRequire } from "node:module";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const [modules, executablePath, file, turns] = process.argv.slice(2);
const { chromium } = createRequire(join(modules, "saal"))("playwright-core");
const flags = ["--no-sandbox", "--disable-gpu-vsync", "--disable-frame-rate-limit"];
const server = await chromium.launchServer({ executablePath, args: flags });
const browser = await chromium.connect(server.wsEndpoint());
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
await page.setContent(readFileSync(file, "utf8"));
await page.evaluate(() => {
  globalThis.times = [];
  globalThis.shown = (since) =>
    new Promise((done) =>
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          times.push(performance.now() - since);
          done();
        }),
      ),
    );
  const sections = [...document.querySelectorAll("section")];
  globalThis.turn = (to) => sections.forEach((s) => s.classList.toggle("on", s === to));
  globalThis.of = (name) => sections.filter((s) => s.classList.contains(name));
  const button = of("call")[0].querySelector("#microphone");
  const press = (on) => (event) => {
    button.classList.toggle("pressed", on);
    shown(event.timeStamp);
  };
  button.addEventListener("pointerdown", press(true));
  button.addEventListener("pointerup", press(false));
  turn(of("call")[0]);
});

const report = async (name) => {
  const times = await page.evaluate(() => times.splice(0).sort((a, b) => a - b));
  for (const percent of [50, 99])
    console.log(`${name}_${percent} ${times[Math.floor((times.length * percent) / 100)]}`);
};
/** Does one thing and the other in turn, `change` with 0 or 1. */
const alternate = async (name, change) => {
  await page.evaluate(
    async ([count, change]) => {
      const turns = new Function(`return ${change}`)()();
      for (let at = 0; at < count; at += 1) {
        const since = performance.now();
        turns(at % 2);
        await shown(since);
      }
    },
    [Number(turns), change.toString()],
  );
  await report(name);
};

const box = await page.locator("section.on #microphone").boundingBox();
await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
for (let at = 0; at < Number(turns) / 2; at += 1) {
  await page.mouse.down();
  await page.mouse.up();
  await page.waitForFunction((count) => times.length >= count, 2 * (at + 1));
}
await report("touch");
await alternate("screen", () => {
  const screens = [of("home")[0], of("call")[0]];
  return (at) => turn(screens[at]);
});
await alternate("full", () => (at) => document.body.classList.toggle("dark", at === 0));
await alternate("damaged", () => {
  turn(of("home")[0]);
  const changes = [...document.querySelectorAll("template")]
    .map((later) => [of("home")[0].querySelector(`[id="${later.dataset.of}"]`), later.innerHTML])
    .filter(([element, later]) => element && element.innerHTML !== later)
    .map(([element, later]) => [element, [later, element.innerHTML]]);
  return (at) => changes.forEach(([element, words]) => (element.innerHTML = words[at]));
});
for (const name of ["call", "chat"]) {
  const longest = await page.evaluate(async (name) => {
    for (const section of of(`hostile-${name}`)) {
      turn(of("home")[0]);
      await shown(0);
      times.pop();
      const since = performance.now();
      turn(section);
      await shown(since);
    }
    return Math.max(...times.splice(0));
  }, name);
  console.log(`${name} ${longest}`);
}

// Pss of the browser and all its processes, in MB.
const children = (of) =>
  readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ")[1] === String(of);
      } catch {
        return false;
      }
    });
const memory = (pid) => {
  let kilobytes = 0;
  try {
    kilobytes = Number(/Pss:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))[1]);
  } catch {
    // It ended.
  }
  return children(pid).reduce((sum, child) => sum + memory(child), kilobytes);
};
console.log(`memory ${memory(server.process().pid) / 1024}`);
await browser.close();
await server.close();

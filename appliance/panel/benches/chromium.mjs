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
  globalThis.turn = (to) => sections.forEach((s, at) => s.classList.toggle("on", at === to));
  const button = sections[1].querySelector("#microphone");
  const press = (on) => (event) => {
    button.classList.toggle("pressed", on);
    shown(event.timeStamp);
  };
  button.addEventListener("pointerdown", press(true));
  button.addEventListener("pointerup", press(false));
  turn(1);
});

const report = async (name) => {
  const times = await page.evaluate(() => times.splice(0).sort((a, b) => a - b));
  console.log(`${name}_50 ${times[Math.floor(times.length / 2)]}`);
  console.log(`${name}_99 ${times[Math.floor((times.length * 99) / 100)]}`);
};

const box = await page.locator("section.on #microphone").boundingBox();
await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
for (let at = 0; at < Number(turns) / 2; at += 1) {
  await page.mouse.down();
  await page.mouse.up();
  await page.waitForFunction((count) => times.length >= count, 2 * (at + 1));
}
await report("touch");
await page.evaluate(async (count) => {
  for (let at = 0; at < count; at += 1) {
    const since = performance.now();
    turn(at % 2);
    await shown(since);
  }
}, Number(turns));
await report("full");

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

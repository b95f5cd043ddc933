// The far end: several Element Call users in one headless Chromium, told what to do by JSON lines.
//   node main.mjs '{"modules":..., "chromium":..., "profile":..., "video":FILE.y4m, "audio":FILE.wav, "origin":URL, "hosts":[NAME], "headed":false, "audible":false}'
// stdin:  {"id":1,"op":"join","user":"anna",...}      stdout: {"id":1,"ok":...} or {"id":1,"error":"..."}
import { createRequire } from "node:module";
import { join } from "node:path";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { installProbe } from "./page_probe.mjs";

const settings = JSON.parse(process.argv[2]);
const { chromium } = createRequire(join(settings.modules, "saal"))("playwright-core");

/** Without these Chromium asks for hosts of its maker, shows prompts, or wants a sound card and a camera. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
  // A page that stands in for a real installation's counts as a public one, which may not speak to servers nearby.
  "--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks",
  `--host-resolver-rules=${["MAP * ~NOTFOUND", ...["127.0.0.1", "localhost", ...(settings.hosts ?? [])].map((host) => `EXCLUDE ${host}`)].join(", ")}`,
  "--autoplay-policy=no-user-gesture-required",
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
  ...(settings.video ? [`--use-file-for-fake-video-capture=${settings.video}`] : []),
  ...(settings.audio ? [`--use-file-for-fake-audio-capture=${settings.audio}`] : []),
];

const browser = await chromium.launch({
  executablePath: settings.chromium,
  headless: !settings.headed,
  args: FLAGS,
  // A browser that plays nothing gives its echo canceller nothing to know.
  ignoreDefaultArgs: settings.audible ? ["--mute-audio"] : [],
  handleSIGINT: false,
  handleSIGTERM: false,
});
const users = new Map();

/** Answers some addresses of a server that is not ours: with files of ours, or with what it has elsewhere. */
async function cover(context, { files = {}, elsewhere = {} }) {
  for (const [url, path] of Object.entries(files)) await context.route(url, (route) => route.fulfill({ path }));
  for (const [url, other] of Object.entries(elsewhere))
    await context.route(url, async (route) => route.fulfill({ response: await route.fetch({ url: other }) }));
}

async function open({ user, viewport, url, cover: covered }) {
  const context = await browser.newContext({
    viewport: viewport ?? { width: 960, height: 600 },
    permissions: ["camera", "microphone"],
    // Installations on a private network have certificates of their own; the room itself checks them.
    ignoreHTTPSErrors: (settings.hosts ?? []).length > 0,
  });
  await cover(context, covered ?? {});
  await context.addInitScript(installProbe);
  const page = await context.newPage();
  page.on("console", (line) => {
    if (["error", "warning"].includes(line.type())) process.stderr.write(`${user}: ${line.text()}\n`);
  });
  page.on("pageerror", (error) => process.stderr.write(`${user}: ${error.stack}\n`));
  await page.goto(url ?? `${settings.origin}/host.html`);
  await page.waitForFunction(() => window.saal !== undefined);
  users.set(user, { context, page });
  return users.get(user);
}

function known(user) {
  const found = users.get(user);
  if (!found) throw new Error(`no user ${user} has joined here`);
  return found;
}

/** The frame in which Element Call runs, or the page itself where it is the client. */
function callFrame(user) {
  const { page, alone } = known(user);
  const frame = alone ? page.mainFrame() : page.frames().find((candidate) => candidate.url().includes("/call/"));
  if (!frame) throw new Error(`${user} has no call open`);
  return frame;
}

const operations = {
  async join({ user, viewport, options }) {
    const { page } = users.get(user) ?? (await open({ user, viewport }));
    await page.evaluate((wanted) => window.saal.join(wanted), options);
    await page.waitForFunction(() => window.saal.state().phase === "joined");
    return null;
  },
  /** Opens a page that is a client itself, at an address of its own. */
  async visit({ user, viewport, url, cover: covered }) {
    (await open({ user, viewport, url, cover: covered })).alone = true;
    return null;
  },
  /** Opens somebody else's page, as a person would who was told its address and takes its certificate. */
  async browse({ user, url, language, phone }) {
    const small = phone ? { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true } : {};
    const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: language, ...small });
    await context.addInitScript(installProbe);
    const page = await context.newPage();
    page.on("console", (line) => process.stderr.write(`${user}: ${line.text()}\n`));
    await page.goto(url);
    users.set(user, { context, page, alone: true });
    return null;
  },
  /** What axe-core finds on the page, in light and in dark and with text of twice the size: rule, element, why. And what does
   * not fit from side to side with such text (WCAG 2.1, 1.4.4 and 1.4.10). */
  async barriers({ user }) {
    const { page } = known(user);
    await page.evaluate(await readFile(join(settings.modules, "axe-core/axe.min.js"), "utf8"));
    const found = [];
    const look = async (how) => {
      const { violations } = await page.evaluate(() => window.axe.run(document));
      for (const { id, help, nodes } of violations)
        for (const node of nodes) found.push(`${how}: ${id} (${help}): ${node.html}: ${node.failureSummary}`);
    };
    for (const colorScheme of ["dark", "light"]) {
      await page.emulateMedia({ colorScheme });
      await look(colorScheme);
    }
    const [size, wide] = await page.evaluate(() => {
      const root = document.documentElement;
      const before = root.style.fontSize;
      root.style.fontSize = `${2 * parseFloat(getComputedStyle(root).fontSize)}px`;
      const beyond = (element) => element.getBoundingClientRect().right > root.clientWidth;
      const out = [...document.body.querySelectorAll("*")].filter((element) => beyond(element) && ![...element.children].some(beyond));
      return [before, [root.scrollWidth, root.clientWidth, out.map((element) => element.outerHTML.slice(0, 200)).join("\n")]];
    });
    await look("text at 200 %");
    if (wide[0] > wide[1]) found.push(`text at 200 %: ${wide[0]} pixels wide on ${wide[1]}: ${wide[2]}`);
    await page.evaluate((before) => (document.documentElement.style.fontSize = before), size);
    return found;
  },
  go: async ({ user, url }) => (await known(user).page.goto(url), null),
  fill: async ({ user, label, value }) => (await known(user).page.getByLabel(label).fill(value), null),
  check: async ({ user, label }) => (await known(user).page.getByLabel(label).check(), null),
  /** As a finger or a mouse does: what a page may do only then, it may. */
  click: async ({ user, name }) => (await known(user).page.getByRole("button", { name, exact: true }).click({ timeout: 15000 }), null),
  /** Taps a picture at a part of its width and height. */
  async tap_image({ user, label, x, y }) {
    const image = known(user).page.getByAltText(label, { exact: true });
    const box = await image.boundingBox();
    return (await image.click({ position: { x: box.width * x, y: box.height * y }, timeout: 15000 }), null);
  },
  /** What a picture that the page holds itself consists of, in base64; null: it shows none. */
  image: async ({ user, label }) =>
    await known(user).page.evaluate((alt) => {
      const image = [...document.images].find((one) => one.alt === alt && one.getClientRects().length);
      return image?.src.startsWith("data:") ? image.src.split(",")[1] : null;
    }, label),
  /** Calls one of the functions that the page offers. */
  invoke: async ({ user, name, values }) =>
    await known(user).page.evaluate(([wanted, given]) => window.saal[wanted](...given), [name, values]),
  hang_up: async ({ user }) => (await known(user).page.evaluate(() => window.saal.hangUp()), null),
  devices: async ({ user, wanted }) => await known(user).page.evaluate((devices) => window.saal.setDevices(devices), wanted),
  /** Presents a screen, by Element Call's own button; a browser without one shows what its camera gives. */
  async share_screen({ user }) {
    const frame = callFrame(user);
    await frame.evaluate(() => {
      navigator.mediaDevices.getDisplayMedia = () => navigator.mediaDevices.getUserMedia({ video: true });
    });
    // The buttons hide below the tiles while nobody moves a mouse.
    await frame.dispatchEvent('[data-testid="incall_screenshare"]', "click");
    return null;
  },
  state: async ({ user }) => await known(user).page.evaluate(() => window.saal.state()),
  stats: async ({ user }) => await callFrame(user).evaluate(() => window.saalProbe.stats()),
  luma: async ({ user, within_ms }) => await callFrame(user).evaluate((within) => window.saalProbe.luma(within), within_ms),
  sound: async ({ user, ms }) => await callFrame(user).evaluate((length) => window.saalProbe.sound(length), ms),
  captures: async ({ user, ms }) => await callFrame(user).evaluate((length) => window.saalProbe.captures(length), ms),
  places: async ({ user }) => await callFrame(user).evaluate(() => window.saalProbe.places()),
  tiles: async ({ user }) =>
    await callFrame(user).evaluate(() =>
      [...document.querySelectorAll('[data-testid="videoTile"]')].map((tile) => ({
        name: tile.querySelector('[data-testid="name_tag"]')?.textContent ?? "",
        local: tile.querySelector('[data-lk-local-participant="true"]') !== null,
        video: tile.dataset.videoEnabled === "true",
        muted: tile.querySelector('[data-muted="true"]') !== null,
      })),
    ),
  text: async ({ user }) => await callFrame(user).evaluate(() => document.body.innerText),
  html: async ({ user }) => await callFrame(user).evaluate(() => document.body.innerHTML),
  /** Presses the button of this name in the call, also one that is hidden until the mouse moves. */
  press: async ({ user, name }) =>
    (await callFrame(user).getByRole("button", { name, exact: true }).first().dispatchEvent("click", {}, { timeout: 15000 }), null),
  screenshot: async ({ user, path }) => (await known(user).page.screenshot({ path }), null),
  async close({ user }) {
    await known(user).context.close();
    users.delete(user);
    return null;
  },
  version: async () => browser.version(),
};

async function answer(line) {
  const { id, op, ...request } = JSON.parse(line);
  const operation = operations[op];
  const reply = await (operation ? operation(request) : Promise.reject(new Error(`no operation ${op}`))).then(
    (ok) => ({ id, ok: ok ?? null }),
    (error) => ({ id, error: String(error?.stack ?? error) }),
  );
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}

const input = createInterface({ input: process.stdin });
input.on("line", (line) => void answer(line));
input.on("close", () => void browser.close().finally(() => process.exit(0)));
browser.on("disconnected", () => process.exit(users.size > 0 ? 1 : 0));
process.stdout.write(`${JSON.stringify({ ready: true, version: browser.version() })}\n`);

// A real OpenID provider and a real browser: somebody signs in to the fleet there.
// node provider.mjs NODE_MODULES CHROMIUM: first says the provider's address, then reads the fleet's from standard input. What it says begins with
// "said": the provider prints more.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, chromium] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(join(modules, file)));
const { Provider } = await load('oidc-provider/lib/index.js');
const { chromium: browsers } = await load('playwright-core/index.mjs');

// The client is written down before anybody knows the fleet's port.
const client = { client_id: 'fleet', client_secret: 'not a secret', redirect_uris: [] };
const server = createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
const say = (text) => console.log(`said ${text}`);
say(issuer);

const [fleet] = await new Promise((line) => createInterface({ input: process.stdin }).once('line', (text) => line([text])));
client.redirect_uris = [`${fleet}/sign-in/provider/back`];
client.post_logout_redirect_uris = [`${fleet}/sign-in`];
const provider = new Provider(issuer, {
  clients: [client],
  claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
  cookies: { keys: ['of-the-tests-alone'] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id, groups: id === 'anna' ? ['saal-it'] : [] }),
  }),
});
server.on('request', provider.callback());

const browser = await browsers.launch({ executablePath: chromium, args: ['--no-sandbox'] });
// A person of this name comes in a browser of their own; what the last page says.
async function signsIn(name) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en' });
  const page = await context.newPage();
  await page.goto(`${fleet}/rooms`);
  await page.getByRole('link', { name: 'Sign in with City login' }).click();
  await page.fill('input[name=login]', name);
  await page.fill('input[name=password]', 'anything');
  await page.click('button[type=submit]');
  await page.getByRole('button', { name: /continue/i }).click();
  await page.getByRole('heading', { level: 1 }).waitFor();
  return page;
}
const at = async (page) => ({ path: new URL(page.url()).pathname, text: await page.innerText('body') });

const page = await signsIn('anna');
say(JSON.stringify(await at(page)));
await page.getByRole('button', { name: 'Sign out' }).click();
await page.getByRole('link', { name: 'Sign out at City login' }).click();
await page.getByRole('button', { name: /yes/i }).click();
await page.getByRole('heading', { name: 'Sign in' }).waitFor();
say(JSON.stringify(await at(page)));
say(JSON.stringify(await at(await signsIn('bert'))));
await browser.close();
process.exit(0);

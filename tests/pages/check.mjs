// What a browser makes of the pages: `node check.mjs FOLDER [SHOTS]`, where FOLDER holds the output of several sites (run.sh
// makes it), and SHOTS is where pictures of the pages go, if anybody wants to look at them.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";

const [folder, shots] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

const types = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
  ".xml": "application/xml",
};
const server = createServer(async (request, response) => {
  const path = new URL(request.url, "http://localhost").pathname;
  try {
    const bytes = await readFile(join(folder, path.endsWith("/") ? `${path}index.html` : path));
    response.writeHead(200, { "content-type": types[extname(path) || ".html"] ?? "application/octet-stream" }).end(bytes);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const base = `http://127.0.0.1:${server.address().port}/`;

// A landscape for each address, in colours of its own.
function picture(address) {
  let number = 7;
  for (const letter of address) number = (number * 31 + letter.charCodeAt(0)) >>> 0;
  const [sky, hill] = [number % 360, ((number >> 9) % 360)];
  const far = `M0 ${430 + (number % 90)}L260 ${290 + (number % 60)}L540 470L840 ${330 + (number % 70)}L1200 520V675H0z`;
  const near = `M0 570L400 ${450 + (number % 60)}L800 600L1200 ${480 + (number % 60)}V675H0z`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 675" preserveAspectRatio="xMidYMid slice">
    <linearGradient id="a" x2=".3" y2="1"><stop stop-color="hsl(${sky} 34% 74%)"/><stop offset="1" stop-color="hsl(${hill} 36% 46%)"/></linearGradient>
    <path fill="url(#a)" d="M0 0H1200V675H0z"/><circle cx="${300 + (number % 600)}" cy="220" r="90" fill="hsl(${sky} 60% 90%)" opacity=".8"/>
    <path fill="hsl(${hill} 26% 30%)" opacity=".8" d="${far}"/><path fill="hsl(${sky} 32% 18%)" opacity=".85" d="${near}"/></svg>`;
}

const flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });
let checks = 0;

// Opens a page, does something with it, and looks at what must never be: a word on the console, or a request to anywhere but
// the page's own place and the pictures.
async function look(path, options, body) {
  const { width = 1440, pictures = true, name, ...rest } = options;
  const viewport = { width, height: width < 500 ? 780 : 900 };
  const context = await browser.newContext({ viewport, reducedMotion: "reduce", ...rest });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => {
    // A picture that does not come is the one thing that the browser itself speaks of.
    if (pictures || !message.text().startsWith("Failed to load resource")) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  await page.route((url) => !url.href.startsWith(base), (route) => {
    const request = route.request();
    if (request.resourceType() === "image") {
      return pictures ? route.fulfill({ contentType: "image/svg+xml", body: picture(request.url()) }) : route.abort();
    }
    if (request.isNavigationRequest()) return route.fulfill({ contentType: "text/html", body: "<title>There</title>" });
    faults.push(`a request to ${request.url()}`);
    return route.abort();
  });
  await page.goto(base + path);
  try {
    await body(page, context);
    assert.deepEqual(faults, []);
    checks += 1;
  } catch (error) {
    console.error(`${path} ${JSON.stringify(options)}:`);
    throw error;
  }
  if (shots && name) {
    mkdirSync(shots, { recursive: true });
    await page.screenshot({ path: join(shots, `${name}.png`) });
  }
  await context.close();
}

const sites = {
  many: ["index.html", "watermills/index.html", "grain/index.html", "museums/index.html"],
  hebrew: ["index.html", "watermills/index.html"],
  seeds: ["index.html", "ai/index.html"],
};
const pages = Object.entries(sites).flatMap(([site, paths]) => paths.map((path) => `${site}/${path}`));

// Narrow and wide, light and dark: nothing overflows, and axe-core has nothing to say.
for (const path of pages) {
  for (const width of [360, 1440]) {
    for (const colorScheme of ["light", "dark"]) {
      const name = `${path.replace("/index.html", "").replaceAll("/", "-")}-${width}-${colorScheme}`;
      await look(path, { width, colorScheme, name }, async (page) => {
        // Pictures further down are fetched when they come near.
        await page.evaluate(async () => {
          for (let top = 0; top < document.documentElement.scrollHeight; top += 500) {
            scrollTo(0, top);
            await new Promise((next) => setTimeout(next, 20));
          }
          scrollTo(0, 0);
        });
        assert.ok(await page.evaluate((width) => document.documentElement.scrollWidth <= width, width), "it is too wide");
        const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
        assert.equal(paper[0] < 128, colorScheme === "dark", "its paper");
        const broken = (images) => images.filter((image) => image.complete && !image.naturalWidth).length;
        assert.equal(await page.locator("img").evaluateAll(broken), 0, "pictures that do not come");
        await page.evaluate(axe);
        const { violations } = await page.evaluate((values) => axe.run(document, { runOnly: values }), rules);
        assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`), []);
      });
    }
  }
}

// The filter: any words, without case and accents; how many are left is said.
await look("many/index.html", {}, async (page) => {
  const shown = () => page.locator(".topics > li:visible h3").allTextContents();
  const all = await shown();
  assert.ok(all.length > 12);
  const said = page.locator("#filtered");
  assert.equal(await said.textContent(), "");
  for (const [text, topics, words] of [
    ["sao", ["São Paulo"], "1 found"],
    ["MILLS", ["Watermills", "Windmills"], "2 found"],
    ["dress stone", ["Stone dressing"], "1 found"],
    ["טחנות", ["טחנות"], "1 found"],
    ["nothing like it", [], "No topic found"],
  ]) {
    await page.getByLabel("Filter").fill(text);
    assert.deepEqual(await shown(), topics, text);
    assert.equal(await said.textContent(), words, text);
  }
  await page.getByLabel("Filter").fill("");
  assert.deepEqual([await shown(), await said.textContent()], [all, ""]);
});
// Where a glance is enough there is none.
await look("seeds/index.html", {}, async (page) => assert.equal(await page.locator("#filter").count(), 0));

// The button copies the address that a program would find, says so, and is itself again.
for (const path of ["many/index.html", "many/grain/index.html", "seeds/ai/index.html"]) {
  await look(path, { permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
    const address = await page.locator('link[rel=alternate][type="application/atom+xml"]').getAttribute("href");
    const button = page.locator("button[data-copy]");
    await button.click();
    await page.getByRole("status").filter({ hasText: "Copied" }).waitFor({ state: "attached" });
    assert.equal(await button.textContent(), "Copied");
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), address);
    assert.equal(await page.getByRole("link", { name: "Open in reader" }).getAttribute("href"), `feed:${address}`);
    await page.getByRole("button", { name: "Copy address" }).waitFor({ timeout: 6000 });
  });
}
// Without a clipboard the address is selected.
await look("seeds/ai/index.html", {}, async (page) => {
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error("no"));
    document.execCommand = () => false;
  });
  await page.locator("button[data-copy]").click();
  await page.getByRole("button", { name: "Selected: copy it yourself" }).waitFor();
  assert.equal(await page.evaluate(() => getSelection().toString()), await page.locator("#address").textContent());
});

// A related link leads to its story, and so do title and picture; more coverage opens.
await look("many/grain/index.html", {}, async (page) => {
  assert.equal(await page.locator(".related li:visible").count(), 4);
  await page.getByText("3 more").click();
  assert.equal(await page.locator(".related li:visible").count(), 7);
  await page.getByRole("link", { name: "The sourdough question" }).click();
  await page.waitForURL("https://bread.example/sourdough-question");
});
await look("seeds/ai/index.html", {}, async (page) => {
  const link = page.locator(".related a").first();
  const address = await link.getAttribute("href");
  await link.click();
  await page.waitForURL(address);
  await page.goBack();
  const story = await page.locator("h3 a").first().getAttribute("href");
  await page.locator(".picture").first().click();
  await page.waitForURL(story);
});

// By keyboard alone: the first stop jumps over the head, every stop can be seen, a picture is none, and Enter leads on.
await look("many/index.html", {}, async (page) => {
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to content" });
  assert.ok(await skip.evaluate((link) => link === document.activeElement && link.getBoundingClientRect().top >= 0));
  await page.keyboard.press("Enter");
  assert.ok(await page.evaluate(() => document.activeElement.id === "main"));
  const stops = [];
  for (let stop = 0; stop < 12; stop += 1) {
    await page.keyboard.press("Tab");
    stops.push(await page.evaluate(() => document.activeElement.id || document.activeElement.textContent.trim()));
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineWidth);
    assert.ok(parseFloat(outline) >= 2, `${stops.at(-1)} cannot be seen to be chosen`);
  }
  assert.deepEqual(stops.slice(0, 2), ["Copy address", "Open in reader"]);
  assert.ok(stops.includes("filter") && stops.includes("Baking"), stops.join(", "));
  while ((await page.evaluate(() => document.activeElement.textContent)) !== "Grain") await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL(/grain\/index\.html$/);
  while ((await page.evaluate(() => document.activeElement.localName)) !== "summary") {
    await page.keyboard.press("Tab");
    assert.ok(await page.evaluate(() => !document.activeElement.matches(".picture")), "a picture is a stop");
  }
  await page.keyboard.press("Enter");
  assert.equal(await page.locator(".related li:visible").count(), 7);
});

// Without JavaScript all is there but what would not work.
for (const width of [360, 1440]) {
  await look("many/index.html", { javaScriptEnabled: false, width }, async (page) => {
    assert.ok((await page.locator(".topics > li:visible").count()) > 12);
    assert.equal(await page.locator(".filter:visible, button:visible").count(), 0);
    await page.getByRole("link", { name: "Grain", exact: true }).click();
    assert.equal(await page.locator("#address").textContent(), "https://feeds.example.org/grain/atom.xml");
    await page.getByText("3 more").click();
    assert.equal(await page.locator(".related li:visible").count(), 7);
    await page.locator("nav a").first().click();
    await page.getByRole("link", { name: "All topics" }).first().click();
    await page.waitForURL(/many\/index\.html#topics$/);
  });
}

// Pictures that do not come: their place has the name of who published the story.
await look("many/watermills/index.html", { pictures: false }, async (page) => {
  await page.locator(".picture.missing").first().waitFor();
  const words = await page.locator(".picture").first().evaluate((box) => getComputedStyle(box, "::before").content);
  assert.equal(words, '"The Miller"');
});

// Text, and not markup, where a browser opens a feed.
for (const file of ["rss.xml", "atom.xml", "watermills/rss.xml", "watermills/atom.xml"]) {
  await look(`many/${file}`, { colorScheme: "dark" }, async (page) => {
    const shown = (name) =>
      page.evaluate((name) => getComputedStyle(document.getElementsByTagName(name)[0]).display, name);
    assert.equal(await shown("title"), "block");
    assert.equal(await shown("generator"), "none");
    const first = await page.evaluate(() => getComputedStyle(document.documentElement, "::before").content);
    assert.match(first, /^"This is a feed/);
  });
}

await browser.close();
server.close();
console.log(`${checks} looks at ${pages.length} pages: all is well`);

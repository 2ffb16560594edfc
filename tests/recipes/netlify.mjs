// What Netlify's own parsers make of what is deployed: netlify.mjs FOLDER TOPIC FORMER NOW
//
// Exits with 1 if a feed of TOPIC has other headers than it is to have, or FORMER does not lead to NOW.

import path from "node:path";
import { HeadersHandler } from "@netlify/headers";
import { RedirectsHandler } from "@netlify/redirects";

const [, , folder, topic, former, now] = process.argv;
const faults = [];
const logger = { log() {}, warn: (text) => faults.push(text), error: (text) => faults.push(text) };
const site = "https://feeds.example.org";
const headers = new HeadersHandler({ projectDir: folder, logger });
const cache = "public, max-age=1800, stale-while-revalidate=3600, stale-if-error=86400";
const types = { "rss.xml": "application/rss+xml", "atom.xml": "application/atom+xml", "feed.json": "application/feed+json" };

for (const above of ["", `${topic}/`]) {
  for (const [file, type] of Object.entries(types)) {
    const found = await headers.apply(new Request(`${site}/${above}${file}`));
    const lower = Object.fromEntries(Object.entries(found).map(([name, value]) => [name.toLowerCase(), value]));
    const wanted = {
      "content-type": `${type}; charset=utf-8`,
      "cache-control": cache,
      "access-control-allow-origin": "*",
    };
    for (const [name, value] of Object.entries(wanted)) {
      if (lower[name] !== value) faults.push(`${above}${file}: ${name}: ${lower[name]} and not ${value}`);
    }
  }
}

const redirects = new RedirectsHandler({
  configRedirects: [],
  jwtRoleClaim: "",
  jwtSecret: "",
  projectDir: folder,
  publicDir: folder,
  siteURL: site,
});
for (const file of ["rss.xml", "atom.xml", "feed.json"]) {
  const match = await redirects.match(new Request(`${site}/${former}/${file}`));
  const found = match && `${match.statusCode} ${match.target.pathname}`;
  const wanted = `301 /${path.posix.join(now, file)}`;
  if (found !== wanted) faults.push(`${former}/${file}: ${found} and not ${wanted}`);
}

for (const fault of faults) console.error(fault);
process.exit(faults.length > 0 ? 1 : 0);

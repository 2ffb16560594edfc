// node parsers.mjs FILE...: prints what each parser of npm sees in the files, [{file, reader, entries} or {file, reader, error}],
// in an OPML [{file, reader, addresses}].
// A field that a parser or a format does not have is left out, and is not compared.
import { readFileSync } from "node:fs";
import { parseFeed, parseOpml } from "feedsmith";
import RssParser from "rss-parser";

const url = (element) => element?.$?.url;
const urls = (elements) => (elements ?? []).map((element) => element.url);

const readers = {
  async "rss-parser"(text, json) {
    if (json) return null;
    const media = ["media:content", "media:thumbnail"].map((name) => [name, name, { keepArray: true }]);
    const { items } = await new RssParser({ customFields: { item: ["id", ...media] } }).parseString(text);
    return items.map((item) => ({
      id: item.guid ?? item.id,
      title: item.title,
      link: item.link,
      published: item.isoDate,
      images: (item["media:content"] ?? []).map(url),
      thumbnails: (item["media:thumbnail"] ?? []).map(url),
      content: item["content:encoded"] ?? item.content,
    }));
  },

  feedsmith(text) {
    const { format, feed } = parseFeed(text);
    if (format === "json") {
      return feed.items.map((item) => ({
        id: item.id,
        title: item.title,
        link: item.url,
        published: item.date_published,
        updated: item.date_modified ?? item.date_published,
        images: item.image ? [item.image] : [],
        content: item.content_html,
      }));
    }
    return (feed.items ?? feed.entries).map((item) => ({
      id: item.guid?.value ?? item.id,
      title: item.title?.value ?? item.title,
      link: item.link ?? item.links?.find((link) => link.rel === "alternate")?.href,
      published: item.pubDate ?? item.published,
      ...(format === "atom" && { updated: item.updated }),
      images: urls(item.media?.contents),
      thumbnails: urls(item.media?.thumbnails),
      content: item.content?.encoded ?? item.content?.value ?? item.description,
    }));
  },
};

const seen = [];
for (const file of process.argv.slice(2)) {
  const text = readFileSync(file, "utf8");
  if (file.endsWith(".opml")) {
    seen.push({ file, reader: "feedsmith", addresses: parseOpml(text).body.outlines.map((outline) => outline.xmlUrl) });
    continue;
  }
  for (const [reader, read] of Object.entries(readers)) {
    try {
      const entries = await read(text, file.endsWith(".json"));
      if (entries) seen.push({ file, reader, entries });
    } catch (error) {
      seen.push({ file, reader, error: String(error) });
    }
  }
}
// What should be there and is not goes out as null: JSON would drop it, and nobody would compare it.
process.stdout.write(JSON.stringify(seen, (_, value) => value ?? null));

//! Pings to a hub. A small hub stands here, of a thread and a list: it takes subscriptions and pings, fetches what it is told of,
//! compares, and hands what is new to subscribers, as `WebSub` has it (5. Subscribing, 6. Publishing, 7. Content Distribution).

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::{self, Serializer};

use crate::mill::Mill;
use crate::report::checked;

/// What a server is asked.
#[derive(Clone, Debug)]
struct Asked {
    method: String,
    /// Path and query.
    path: String,
    /// Names in lower case.
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Asked {
    /// The fields of a form in the body.
    fn form(&self) -> BTreeMap<String, String> {
        form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// The fields of the query.
    fn query(&self) -> BTreeMap<String, String> {
        form_urlencoded::parse(self.path.split_once('?').map_or("", |(_, query)| query).as_bytes()).into_owned().collect()
    }

    fn path_alone(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }
}

/// What it answers.
#[derive(Default)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

fn status(status: u16) -> Answer {
    Answer { status, ..Answer::default() }
}

impl Answer {
    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A server on a free port of this machine.
struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    fn new(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (heard, answer) = (Arc::clone(&asked), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, heard, answer) = (stream.expect("a stream"), Arc::clone(&heard), Arc::clone(&answer));
                thread::spawn(move || {
                    let Some(request) = receive(&mut stream) else { return };
                    heard.lock().expect("a lock").push(request.clone());
                    let Answer { status, headers, body } = answer(&request);
                    let fields = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                    // Whoever is no longer there needs no answer.
                    let _ = stream.write_all(&message(&format!("HTTP/1.1 {status} Some Words"), fields, &body));
                });
            }
        });
        Self { port, asked }
    }

    fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("a lock").clone()
    }

    /// What it was told of, sorted.
    fn told(&self) -> Vec<String> {
        let mut told: Vec<String> = self.asked().iter().map(|asked| asked.form()["hub.url"].clone()).collect();
        told.sort();
        told
    }
}

/// A message with its first line and these headers.
fn message<'h>(first: &str, headers: impl Iterator<Item = (&'h str, &'h str)>, body: &[u8]) -> Vec<u8> {
    let start = format!("{first}\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
    let head = headers.fold(start, |head, (name, value)| head + name + ": " + value + "\r\n");
    [(head + "\r\n").as_bytes(), body].concat()
}

/// Reads the head and the body of a message, the first line first.
fn receive_message(stream: &mut TcpStream) -> Option<(String, BTreeMap<String, String>, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        let mut more = [0; 4096];
        match stream.read(&mut more) {
            Ok(count) if count > 0 => bytes.extend_from_slice(&more[..count]),
            _ => return None,
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).expect("ASCII");
    let mut lines = head.lines();
    let first = lines.next()?.to_owned();
    let fields = lines.filter_map(|line| line.split_once(':'));
    let headers: BTreeMap<_, _> = fields.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().expect("a number"));
    let mut body = bytes.split_off(end);
    let mut rest = vec![0; length - body.len()];
    stream.read_exact(&mut rest).ok()?;
    body.extend(rest);
    Some((first, headers, body))
}

fn receive(stream: &mut TcpStream) -> Option<Asked> {
    let (first, headers, body) = receive_message(stream)?;
    let mut words = first.split(' ').map(str::to_owned);
    Some(Asked { method: words.next()?, path: words.next()?, headers, body })
}

/// Asks a server: the status, the headers and the body of the answer.
fn ask(method: &str, address: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, BTreeMap<String, String>, Vec<u8>) {
    let url = Url::parse(address).expect("an address");
    let mut stream = TcpStream::connect(("127.0.0.1", url.port().expect("a port"))).expect("a connection");
    let path = &url[url::Position::BeforePath..];
    let fields = [("Host", "127.0.0.1")].into_iter().chain(headers.iter().copied());
    stream.write_all(&message(&format!("{method} {path} HTTP/1.1"), fields, body)).expect("a request");
    let (first, headers, body) = receive_message(&mut stream).expect("an answer");
    (first.split(' ').nth(1).expect("a status").parse().expect("a number"), headers, body)
}

/// Serves the files of a folder.
fn files(folder: PathBuf) -> Server {
    Server::new(move |asked| {
        let Ok(body) = std::fs::read(folder.join(asked.path.trim_start_matches('/'))) else { return status(404) };
        let content_type = match asked.path.rsplit('/').next() {
            Some("rss.xml") => "application/rss+xml",
            Some("atom.xml") => "application/atom+xml",
            Some("feed.json") => "application/feed+json",
            _ => "text/plain",
        };
        Answer { body, ..status(200) }.header("Content-Type", content_type)
    })
}

/// What a hub knows.
#[derive(Default)]
struct Knowledge {
    /// Topics and callbacks.
    subscriptions: Vec<(String, String)>,
    /// What each topic was when it was looked at last.
    last: BTreeMap<String, Vec<u8>>,
    /// What is wrong with what it was told.
    wrong: Vec<String>,
}

/// The hub, whose address is that of the server and `hub`.
fn hub() -> (Server, Arc<Mutex<Knowledge>>) {
    let knowledge: Arc<Mutex<Knowledge>> = Arc::default();
    let known = Arc::clone(&knowledge);
    let server = Server::new(move |asked| {
        let (form, host) = (asked.form(), asked.headers["host"].clone());
        let own = format!("http://{host}/hub");
        let mut known = known.lock().expect("a lock");
        let outcome = match (asked.method.as_str(), asked.path.as_str(), form.get("hub.mode").map(String::as_str)) {
            ("POST", "/hub", Some("subscribe")) => subscribe(&mut known, &form["hub.topic"], &form["hub.callback"]),
            ("POST", "/hub", Some("publish")) => distribute(&mut known, &own, &form["hub.url"]),
            _ => Err(format!("{asked:?} is nothing that a hub takes")),
        };
        if let Err(why) = outcome {
            known.wrong.push(why);
            return status(400);
        }
        status(202)
    });
    (server, knowledge)
}

/// Asks whether the subscription is meant (5.3), and takes what the topic is now for known.
fn subscribe(known: &mut Knowledge, topic: &str, callback: &str) -> Result<(), String> {
    let query = Serializer::new(String::new())
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.topic", topic)
        .append_pair("hub.challenge", "are-you-sure")
        .append_pair("hub.lease_seconds", "864000")
        .finish();
    let (status, _, body) = ask("GET", &format!("{callback}?{query}"), &[], b"");
    if status != 200 || body != b"are-you-sure" {
        return Err(format!("{callback} did not mean it"));
    }
    known.last.insert(topic.to_owned(), ask("GET", topic, &[], b"").2);
    known.subscriptions.push((topic.to_owned(), callback.to_owned()));
    Ok(())
}

/// Fetches a topic, and hands it to its subscribers if it is another one than it was.
fn distribute(known: &mut Knowledge, own: &str, topic: &str) -> Result<(), String> {
    let (status, headers, body) = ask("GET", topic, &[], b"");
    if status != 200 {
        return Err(format!("{topic} answers {status}"));
    }
    let (hub, itself) = named(&body);
    if (hub.as_str(), itself.as_str()) != (own, topic) {
        return Err(format!("{topic} says that it is {itself}, and that its hub is {hub}"));
    }
    if known.last.insert(topic.to_owned(), body.clone()).as_ref() == Some(&body) {
        return Ok(());
    }
    let link = format!("<{own}>; rel=\"hub\", <{topic}>; rel=\"self\"");
    for (_, callback) in known.subscriptions.iter().filter(|(subscribed, _)| subscribed == topic) {
        let headers = [("Content-Type", headers["content-type"].as_str()), ("Link", &link)];
        let (status, ..) = ask("POST", callback, &headers, &body);
        if !(200..300).contains(&status) {
            return Err(format!("{callback} answers {status}"));
        }
    }
    Ok(())
}

/// The hub and the address that a document names.
fn named(body: &[u8]) -> (String, String) {
    let text = std::str::from_utf8(body).expect("UTF-8");
    if let Ok(feed) = serde_json::from_str::<Value>(text) {
        assert_eq!(feed["hubs"].as_array().map(Vec::len), Some(1));
        assert_eq!(feed["hubs"][0]["type"], "WebSub");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        return (text(&feed["hubs"][0]["url"]), text(&feed["feed_url"]));
    }
    let document = roxmltree::Document::parse(text).expect("XML");
    let link = |rel: &str| {
        let of_feed = |node: &roxmltree::Node| {
            node.has_tag_name(("http://www.w3.org/2005/Atom", "link"))
                && node.attribute("rel") == Some(rel)
                && node.parent().is_some_and(|parent| ["feed", "channel"].contains(&parent.tag_name().name()))
        };
        let mut links = document.descendants().filter(of_feed);
        let link = links.next().unwrap_or_else(|| panic!("no {rel}"));
        assert!(links.next().is_none(), "{rel} twice");
        link.attribute("href").expect("an address").to_owned()
    };
    (link("hub"), link("self"))
}

/// A subscriber, which means it.
fn subscriber() -> Server {
    Server::new(|asked| match asked.query().get("hub.challenge") {
        Some(challenge) => Answer { body: challenge.clone().into_bytes(), ..status(200) },
        None => status(204),
    })
}

/// What a subscriber was handed.
fn handed(subscriber: &Server) -> Vec<Asked> {
    subscriber.asked().into_iter().filter(|asked| asked.method == "POST").collect()
}

/// A site of two topics, with the hub at an address.
fn mill(hub: &str) -> Mill {
    Mill::new()
        .file("news/feedmill.yaml", format!("id: mine\nbase_url: https://feeds.example.org/\nout: ../out\nhub: {hub}\n"))
        .story("news/ai.md", "Of AI", "2020-11-10", "AI")
        .story("news/chips.md", "Of chips", "2020-11-11", "Chips")
}

/// A list with these addresses of the site, one of which is that of a page.
fn with_list(mill: Mill, paths: &[&str]) -> Mill {
    let list = paths.iter().fold(String::new(), |list, path| list + "https://feeds.example.org/" + path + "\n");
    mill.file("changed.txt", list + "https://feeds.example.org/ai/index.html\n")
}

/// The addresses of the documents of [`mill`], sorted.
fn every_document(base_url: &str) -> Vec<String> {
    let folders = ["ai/", "", "chips/"].into_iter();
    let documents =
        folders.flat_map(|folder| ["atom.xml", "feed.json", "rss.xml"].map(|name| format!("{base_url}{folder}{name}")));
    let mut documents: Vec<String> = documents.collect();
    documents.sort();
    documents
}

/// What is said when the hub was not told.
fn not_told(hub: &str, of: &str, why: &str, help: &str) -> String {
    let host = hub.split('/').nth(2).unwrap_or_default();
    format!("news/feedmill.yaml: warning: the hub {host} was not told of https://feeds.example.org/{of}: {why}\n  help: {help}\n")
}

const AGAIN: &str = "readers get it when they ask by themselves; `feedmill ping` with the same list tells the hub later";
const TAKEN: &str = "does this hub take feeds of this site, and pings at this address? its provider knows";
const ANOTHER: &str = "`hub` in the site file has to be the very address that the hub takes pings at; redirects are not followed";
const PUBLIC: &str = "`hub` in the site file has to be an address that everybody reaches";

#[test]
fn subscribers_get_what_is_new_at_once_and_nothing_else() {
    let mill = Mill::new();
    let (server, (hub, knowledge)) = (files(mill.path("out")), hub());
    let address = hub.address("hub");
    let mill = mill
        .file("news/feedmill.yaml", format!("base_url: {}\nhub: {address}\nout: ../out", server.address("")))
        .story("news/ai.md", "Of AI", "2020-11-10", "AI")
        .story("news/chips.md", "Of chips", "2020-11-11", "Chips");
    mill.run("build news --changed changed.txt").silent();
    mill.run("ping news --changed changed.txt").silent();
    let every = every_document(&server.address(""));
    assert_eq!(hub.told(), every, "each document is told once");

    let topics = ["ai/atom.xml", "ai/rss.xml", "ai/feed.json", "chips/atom.xml", "atom.xml"];
    let subscribers = topics.map(|topic| {
        let subscriber = subscriber();
        let form = Serializer::new(String::new())
            .append_pair("hub.mode", "subscribe")
            .append_pair("hub.topic", &server.address(topic))
            .append_pair("hub.callback", &subscriber.address("new"))
            .finish();
        assert_eq!(ask("POST", &address, &[], form.as_bytes()).0, 202);
        subscriber
    });
    let before = hub.asked().len();

    let mill = mill.story("news/more.md", "More of AI", "2020-11-12", "AI");
    mill.run("build news --changed changed.txt").silent();
    mill.run("ping news --changed changed.txt").silent();
    assert_eq!(hub.asked().len() - before, 6, "the topic and the feed of all, in three formats");
    for (topic, subscriber) in topics.iter().zip(&subscribers) {
        let handed = handed(subscriber);
        if topic.starts_with("chips") {
            assert!(handed.is_empty(), "{topic}: {handed:?}");
            continue;
        }
        let [new] = &handed[..] else { panic!("{topic}: handed {} times", handed.len()) };
        assert_eq!(new.body, mill.read(&format!("out/{topic}")).into_bytes(), "{topic}");
        assert!(String::from_utf8_lossy(&new.body).contains("More of AI"), "{topic}");
        assert_eq!(new.headers["link"], format!("<{address}>; rel=\"hub\", <{}>; rel=\"self\"", server.address(topic)));
        let kind = if topic.ends_with("json") { "feed+json" } else { &topic.rsplit('/').next().unwrap().replace(".xml", "+xml") };
        assert_eq!(new.headers["content-type"], format!("application/{kind}"), "{topic}");
    }

    // What is told again is fetched again, and nothing new is found.
    mill.run("ping news --changed changed.txt").silent();
    assert!(subscribers.iter().all(|subscriber| handed(subscriber).len() <= 1));
    // Nothing has changed, and nothing is told.
    let before = hub.asked().len();
    mill.run("build news --changed changed.txt").silent();
    mill.run("ping news --changed changed.txt").silent();
    assert_eq!(hub.asked().len(), before);
    assert_eq!(knowledge.lock().expect("a lock").wrong, [""; 0]);
}

#[test]
fn a_ping_is_what_hubs_take() {
    let hub = Server::new(|_| status(204));
    let mill = with_list(mill(&hub.address("push?a=1&b=2")), &["ai/atom.xml", "ai/atom.xml"]);
    mill.run("build news").silent();
    mill.run("ping news --changed changed.txt").silent();
    let [ping] = &hub.asked()[..] else { panic!("{:?}", hub.asked()) };
    assert_eq!((ping.method.as_str(), ping.path.as_str()), ("POST", "/push?a=1&b=2"));
    assert_eq!(ping.path_alone(), "/push");
    let body = String::from_utf8_lossy(&ping.body);
    assert_eq!(body, "hub.mode=publish&hub.url=https%3A%2F%2Ffeeds.example.org%2Fai%2Fatom.xml");
    assert_eq!(ping.headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(ping.headers["user-agent"], concat!("feedmill/", env!("CARGO_PKG_VERSION"), " (+hub ping)"));
}

/// A list of everything, and all the ways to say where it is.
#[test]
fn copies_are_not_told_and_the_list_may_come_from_anywhere() {
    let hub = Server::new(|_| status(200));
    let more = "also: [feed.xml, old/atom.xml]\ntopics: {AI: {former: [ml], also: [machines/atom.xml]}}\nprecompress: [gzip]\n";
    let site = format!("id: mine\nbase_url: https://feeds.example.org/\nout: ../out\nhub: {}\n{more}", hub.address(""));
    let mill = mill("").file("news/feedmill.yaml", site);
    mill.run("build news --changed changed.txt").silent();
    let list = mill.read("changed.txt");
    for copy in ["/feed.xml\n", "/old/atom.xml\n", "/ml/atom.xml\n", "/machines/atom.xml\n"] {
        assert!(list.contains(copy), "{copy} is not in {list}");
    }
    let own = every_document("https://feeds.example.org/");
    let told = || {
        let told = hub.told();
        hub.asked.lock().expect("a lock").clear();
        told
    };
    mill.run("ping news --changed changed.txt").silent();
    assert_eq!(told(), own);
    mill.run("ping --site news/feedmill.yaml --changed changed.txt").silent();
    assert_eq!(told(), own);
    // Elsewhere there is no manifest, and the site file knows of the copies.
    mill.run("ping news --changed changed.txt --out elsewhere").silent();
    assert_eq!(told(), own);
    mill.run("ping news --changed changed.txt --base-url https://feeds.example.org").silent();
    assert_eq!(told(), own);
    #[cfg(unix)]
    {
        mill.run_after("exec <changed.txt", "ping news --changed -").silent();
        assert_eq!(told(), own);
    }
    let mill = mill.file("changed.txt", "\u{feff}https://feeds.example.org/rss.xml\r\n\r\n");
    mill.run("ping news --changed changed.txt").silent();
    assert_eq!(told(), ["https://feeds.example.org/rss.xml"]);
}

#[test]
fn a_dry_run_tells_nothing_but_what_it_would() {
    let hub = Server::new(|_| status(200));
    let mill = with_list(mill(&hub.address("")), &["ai/rss.xml", "atom.xml"]);
    mill.run("build news").silent();
    let expected = format!(
        "would tell {0} of https://feeds.example.org/ai/rss.xml\nwould tell {0} of https://feeds.example.org/atom.xml",
        hub.address("")
    );
    let _ = mill.run("ping news --changed changed.txt --dry-run --report report.json").status(0).stdout(&expected).stderr("");
    assert!(hub.asked().is_empty());
    assert_eq!(checked(&mill.read("report.json"))["pings"], json!([]));
}

#[test]
fn each_ping_is_said_and_reported() {
    let hub = Server::new(|asked| if asked.form()["hub.url"].contains("/ai/") { status(500) } else { status(202) });
    let address = hub.address("");
    let mill = with_list(mill(&address), &["ai/rss.xml", "atom.xml"]);
    mill.run("build news").silent();
    let stdout =
        format!("told {address} of https://feeds.example.org/atom.xml\n127.0.0.1:{} told of 1 of 2 feed documents", hub.port);
    let stderr = not_told(&address, "ai/rss.xml", "it answered 500 Internal Server Error", AGAIN);
    let _ = mill.run("ping news --changed changed.txt -v").status(0).stdout(&stdout).stderr(&stderr);
    let _ = mill.run("ping news --changed changed.txt -q").status(0).stdout("").stderr("");

    let run = mill.run("ping news --changed changed.txt --report -").status(0).stderr(&stderr);
    let report = checked(&run.stdout);
    let pings = json!([
        {"url": "https://feeds.example.org/ai/rss.xml", "ok": false, "status": 500, "message": "it answered 500 Internal Server Error"},
        {"url": "https://feeds.example.org/atom.xml", "ok": true, "status": 202, "message": null},
    ]);
    assert_eq!(report["pings"], pings);
    assert_eq!((&report["action"], &report["status"], &report["now"]), (&json!("ping"), &json!(0), &Value::Null));
    assert_eq!((&report["out"], &report["base_url"]), (&json!("out"), &json!("https://feeds.example.org/")));
    assert_eq!(report["diagnostics"][0]["severity"], "warning");
    assert_eq!(report["diagnostics"][0]["path"], "news/feedmill.yaml");

    // Under GitHub Actions the warning is in the margin too.
    let mill = mill.variable("GITHUB_ACTIONS", "true");
    let run = mill.run("ping news --changed changed.txt").status(0);
    assert!(run.stdout.starts_with("::warning file=news/feedmill.yaml::the hub 127.0.0.1"), "{}", run.stdout);
}

#[test]
fn what_a_hub_does_not_take_is_a_warning() {
    for (number, why, help) in [
        (500, "it answered 500 Internal Server Error", AGAIN),
        (404, "it answered 404 Not Found", TAKEN),
        (403, "it answered 403 Forbidden", TAKEN),
        (799, "it answered 799", TAKEN),
        (429, "it answered 429 Too Many Requests", AGAIN),
        (503, "it answered 503 Service Unavailable", AGAIN),
    ] {
        let hub = Server::new(move |_| status(number).header("Retry-After", "11"));
        let mill = with_list(mill(&hub.address("")), &["ai/rss.xml"]);
        mill.run("build news").silent();
        let expected = not_told(&hub.address(""), "ai/rss.xml", why, help);
        let _ = mill.run("ping news --changed changed.txt").status(0).stdout("").stderr(&expected);
        assert_eq!(hub.asked().len(), 1, "{number}");
    }
}

/// A hub that leads elsewhere could lead to anything that this machine reaches.
#[test]
fn redirects_are_not_followed() {
    for (number, reason) in
        [(301, "Moved Permanently"), (302, "Found"), (303, "See Other"), (307, "Temporary Redirect"), (308, "Permanent Redirect")]
    {
        let target = Server::new(|_| status(200));
        let address = target.address("");
        let hub = Server::new(move |_| status(number).header("Location", &address));
        let mill = with_list(mill(&hub.address("")), &["ai/rss.xml", "atom.xml", "rss.xml"]);
        mill.run("build news").silent();
        let why = format!("it answered {number} {reason}, which leads elsewhere");
        let expected = not_told(&hub.address(""), "ai/rss.xml and 2 more", &why, ANOTHER);
        let _ = mill.run("ping news --changed changed.txt").status(0).stdout("").stderr(&expected);
        assert_eq!((hub.asked().len(), target.asked().len()), (3, 0), "{number}");
    }
}

#[test]
fn a_busy_hub_is_told_once_more() {
    for number in [429, 503] {
        let times = Mutex::new(0);
        let hub = Server::new(move |_| {
            let mut times = times.lock().expect("a lock");
            *times += 1;
            if *times == 1 { status(number).header("Retry-After", "1") } else { status(202) }
        });
        let mill = with_list(mill(&hub.address("")), &["ai/rss.xml"]);
        mill.run("build news").silent();
        let begun = Instant::now();
        mill.run("ping news --changed changed.txt").silent();
        assert!(begun.elapsed() >= Duration::from_secs(1));
        assert_eq!(hub.asked().len(), 2);
    }
    // It is asked once more and not again and again; and two such answers are enough.
    let hub = Server::new(|_| status(503).header("Retry-After", "0"));
    let mill = with_list(mill(&hub.address("")), &["ai/rss.xml", "atom.xml", "rss.xml"]);
    mill.run("build news").silent();
    let address = hub.address("");
    let busy = not_told(&address, "ai/rss.xml and 1 more", "it answered 503 Service Unavailable", AGAIN);
    let rest = not_told(&address, "rss.xml", "it was not tried any more after 2 pings that came to nothing", AGAIN);
    let _ = mill.run("ping news --changed changed.txt").status(0).stdout("").stderr(&(busy + &rest));
    assert_eq!(hub.asked().len(), 4);
}

#[test]
fn a_hub_that_is_not_there_is_tried_twice() {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let hub = format!("http://{free}/");
    let paths = ["ai/atom.xml", "ai/feed.json", "ai/rss.xml", "atom.xml", "chips/atom.xml", "rss.xml"];
    let mill = with_list(mill(&hub), &paths);
    mill.run("build news").silent();
    let run = mill.run("ping news --changed changed.txt --report report.json").status(0).stdout("");
    let refused = "Connection refused (os error 111)";
    let untried = not_told(&hub, "ai/rss.xml and 3 more", "it was not tried any more after 2 pings that came to nothing", AGAIN);
    if cfg!(target_os = "linux") {
        let _ = run.stderr(&(not_told(&hub, "ai/atom.xml and 1 more", refused, AGAIN) + &untried));
    }
    let report = checked(&mill.read("report.json"));
    let pings = report["pings"].as_array().expect("a list");
    assert_eq!(pings.len(), paths.len());
    assert!(pings.iter().all(|ping| ping["ok"] == false && ping["status"].is_null() && ping["message"].is_string()));
}

#[test]
fn a_slow_hub_is_not_waited_for() {
    let hub = Server::new(|_| {
        thread::sleep(Duration::from_secs(30));
        status(200)
    });
    let mill = with_list(mill(&hub.address("")), &["ai/rss.xml"]);
    mill.run("build news").silent();
    let begun = Instant::now();
    let expected = not_told(&hub.address(""), "ai/rss.xml", "no answer within 10 seconds", AGAIN);
    let _ = mill.run("ping news --changed changed.txt").status(0).stdout("").stderr(&expected);
    assert!(begun.elapsed() < Duration::from_secs(20));
}

/// Nothing connects to them, which is told from what is listening there and hears nothing.
#[test]
fn private_addresses_are_refused() {
    let inside = Server::new(|_| status(200));
    let port = inside.port;
    let local = format!("https://localhost:{port}/");
    for (hub, address) in [
        ("https://10.0.0.1/".to_owned(), "10.0.0.1"),
        ("https://169.254.169.254/latest".to_owned(), "169.254.169.254"),
        ("https://[fd00::1]/".to_owned(), "fd00::1"),
        (format!("https://127.0.0.1:{port}/"), "127.0.0.1"),
        (format!("https://2130706433:{port}/"), "127.0.0.1"),
        (format!("https://0x7f.1:{port}/"), "127.0.0.1"),
        (format!("https://[::ffff:127.0.0.1]:{port}/"), "::ffff:127.0.0.1"),
        (local.clone(), ""),
    ] {
        let mill = with_list(mill(&hub), &["ai/rss.xml", "atom.xml", "rss.xml"]);
        mill.run("build news").silent();
        let run = mill.run("ping news --changed changed.txt").status(0).stdout("");
        if hub == local {
            // It may have several addresses.
            let (start, end) = ("warning: the hub localhost", " is not one that a ping may go to");
            assert!(run.stderr.contains(start) && run.stderr.contains(end), "{}", run.stderr);
            continue;
        }
        // It is serialised as browsers do.
        let shown = hub.replace("2130706433", "127.0.0.1").replace("0x7f.1", "127.0.0.1").replace(":127.0.0.1]", ":7f00:1]");
        let why = format!("its address {address} is not one that a ping may go to");
        let rest = not_told(&shown, "rss.xml", "it was not tried any more after 2 pings that came to nothing", AGAIN);
        let _ = run.stderr(&(not_told(&shown, "ai/rss.xml and 1 more", &why, PUBLIC) + &rest));
    }
    assert!(inside.asked().is_empty());
}

#[test]
fn no_proxy_of_the_environment_is_asked() {
    let (hub, proxy) = (Server::new(|_| status(200)), Server::new(|_| status(200)));
    let mut mill = with_list(mill(&hub.address("")), &["ai/rss.xml"]);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        mill = mill.variable(name, &proxy.address(""));
    }
    mill.run("build news").silent();
    mill.run("ping news --changed changed.txt").silent();
    assert_eq!((hub.asked().len(), proxy.asked().len()), (1, 0));
}

#[test]
fn a_ping_that_cannot_begin_says_why() {
    let hub = Server::new(|_| status(200));
    let mill = with_list(mill(&hub.address("")), &["ai/rss.xml"]);
    mill.run("build news").silent();
    let refuses = |mill: &Mill, arguments: &str, expected: &str| {
        let _ = mill.run(arguments).status(2).stdout("").stderr(expected);
    };
    let missing = "feedmill: none.txt: cannot be read: No such file or directory (os error 2)";
    refuses(&mill, "ping news --changed none.txt", missing);
    refuses(&mill, "ping news --changed odd.txt", "feedmill: odd.txt: cannot be read: No such file or directory (os error 2)");
    let mill = mill.file("odd.txt", b"\xff\xfeh\0t\0");
    refuses(&mill, "ping news --changed odd.txt", "feedmill: odd.txt: is not UTF-8");
    refuses(
        &mill,
        "ping news --changed changed.txt --report changed.txt",
        "feedmill: `--report` and `--changed` name one file\n  help: give each a file of its own",
    );
    let none = "feedmill: the site has no hub\n  help: add a line such as `hub: https://hub.example.org/` to the site file";
    let mill = mill.file("other.yaml", "id: mine\nbase_url: https://feeds.example.org/\nout: out\n");
    refuses(&mill, "ping --site other.yaml --changed changed.txt", none);
    refuses(&mill, "ping --changed changed.txt", none);

    // What ends it is in its report too.
    let _ = mill.run("ping --site other.yaml --changed changed.txt --report report.json").status(2);
    let report = checked(&mill.read("report.json"));
    assert_eq!((&report["status"], &report["diagnostics"][0]["message"]), (&json!(2), &json!("the site has no hub")));

    mill.run("build news --include-unpublished --out preview").silent();
    let preview = "feedmill: preview: these feeds are a preview, which is not announced
  help: name the folder with the feeds for the public with `--out`";
    refuses(&mill, "ping news --changed changed.txt --out preview", preview);
    assert!(hub.asked().is_empty());

    let elsewhere = "changed.txt: warning: no address here begins with https://feeds.example.com/
  help: is this the list of `feedmill build --changed`, and `base_url` the same as it was then?";
    let arguments = "ping news --changed changed.txt --base-url https://feeds.example.com/";
    let _ = mill.run(arguments).status(0).stdout("").stderr(elsewhere);
    mill.file("changed.txt", "\n").run("ping news --changed changed.txt").silent();
    assert!(hub.asked().is_empty());
}

/// A feed that has ended says so to the subscribers of its hub; a feed of a preview is not to be found by it.
#[test]
fn a_feed_that_has_ended_names_its_hub_and_a_preview_names_none() {
    let hub = Server::new(|_| status(200));
    let mill = mill(&hub.address(""));
    let site = mill.read("news/feedmill.yaml") + "stale: tombstone\n";
    let mill = mill.file("news/feedmill.yaml", site);
    mill.run("build news").silent();
    mill.run("build news --include-unpublished --out preview").silent();
    for path in ["atom.xml", "ai/rss.xml", "ai/feed.json"] {
        assert!(!mill.read(&format!("preview/{path}")).contains("127.0.0.1"), "{path}");
    }
    let mill = mill.without("news/ai.md");
    assert!(mill.run("build news --changed changed.txt").stderr.contains("a last entry says so"));
    mill.run("ping news --changed changed.txt").silent();
    for name in ["atom.xml", "feed.json", "rss.xml"] {
        let address = format!("https://feeds.example.org/ai/{name}");
        assert!(hub.told().contains(&address));
        assert_eq!(named(mill.read(&format!("out/ai/{name}")).as_bytes()), (hub.address(""), address));
    }
}

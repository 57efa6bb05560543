//! Slow, half-sent and surplus connections on real loopback sockets, with deadlines of milliseconds.

use std::net::SocketAddr;
use std::time::Duration;

use adjudica_server::ServerConfig;
use adjudica_server::serve::{Drained, listen, serve};
use adjudica_service::metrics::Metrics;
use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::server::harness::{Bench, config, encounter};

struct Served {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<Drained>>,
}

fn quick() -> ServerConfig {
    ServerConfig {
        listen: "127.0.0.1:0".parse().expect("an address"),
        header_timeout_ms: 150,
        body_timeout_ms: 150,
        request_timeout_ms: 1_000,
        shutdown_timeout_ms: 400,
        ..config()
    }
}

async fn start(router: Router, config: ServerConfig) -> Served {
    let listener = listen(&config).await.expect("a listener");
    let address = listener.main.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(async move {
        let shutdown = async {
            let _ = stopped.await;
        };
        serve(listener.main, router, &config, &Metrics::new(), shutdown).await
    });
    Served { address, stop, ended }
}

/// Sends `text`, then reads until the other side closes.
async fn exchange(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let text = text.replace("Host: x", &format!("Host: {address}"));
    stream.write_all(text.as_bytes()).await.expect("a write");
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    let _ = read.expect("the host closes in time");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn it_closes_connections_that_send_nothing_or_half() {
    let bench = Bench::start_with(quick()).await;
    let served = start(bench.app.router.clone(), quick()).await;
    assert_eq!(exchange(served.address, "").await, "");
    assert_eq!(exchange(served.address, "GET /healthz HTTP/1.1\r\nHost: x\r\n").await, "");
    let half = "POST /v1/decisions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"encounter_id\":";
    let answer = exchange(served.address, half).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("body_incomplete"), "{answer}");
    let good = exchange(served.address, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(good.starts_with("HTTP/1.1 200") && good.ends_with("ok\n"), "{good}");
    served.stop.send(()).expect("a host");
    assert_eq!(served.ended.await.expect("a task").expect("an end"), Drained::Completely);
}

#[tokio::test]
async fn it_refuses_heads_and_announced_bodies_that_are_too_large() {
    let bench = Bench::start_with(quick()).await;
    let served = start(bench.app.router.clone(), quick()).await;
    let head = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "a".repeat(100_000));
    let answer = exchange(served.address, &head).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    let many: String = (0..100).map(|number| format!("X-{number}: a\r\n")).collect();
    let answer = exchange(served.address, &format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{many}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let announced = "POST /v1/decisions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n";
    let answer = exchange(served.address, announced).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    served.stop.send(()).expect("a host");
    served.ended.await.expect("a task").expect("an end");
}

/// What a page at another origin, a rebound name or a broken program sends; nothing of it may be obeyed.
#[tokio::test]
async fn it_obeys_no_web_page_and_no_other_name() {
    let bench = Bench::start_with(quick()).await;
    let served = start(bench.app.router.clone(), quick()).await;
    let (own, json) = ("Host: x\r\n", "Content-Type: application/json\r\n");
    let page = "Origin: https://evil.example\r\n";
    let visit = format!("[{}]", encounter("evil", "c1", "2026-03-02"));
    let table = [
        (403, "GET /v1/encounters", "Host: rebound.evil.example\r\n".to_owned(), ""),
        (403, "GET http://evil.example/v1/encounters", own.to_owned(), ""),
        (403, "POST /v1/encounters", format!("{own}{page}Content-Type: text/plain\r\n"), visit.as_str()),
        (403, "POST /v1/encounters", format!("{own}{page}{json}"), visit.as_str()),
        (403, "POST /v1/encounters", format!("{own}{json}Sec-Fetch-Site: cross-site\r\n"), visit.as_str()),
        (403, "OPTIONS /v1/records", format!("{own}{page}Access-Control-Request-Method: PUT\r\n"), ""),
        (400, "GET /v1/encounters", String::new(), ""),
        (400, "GET /v1/encounters", format!("{own}{own}"), ""),
        (415, "POST /v1/encounters", format!("{own}Content-Type: text/plain\r\n"), visit.as_str()),
        (
            415,
            "POST /v1/encounters",
            format!("{own}Content-Type: application/json; charset=latin1\r\n"),
            visit.as_str(),
        ),
        (415, "POST /v1/encounters", own.to_owned(), visit.as_str()),
        (415, "POST /v1/policies", format!("{own}Content-Type: text/plain\r\n"), "\0asm"),
        (415, "POST /v1/activations", format!("{own}Content-Type: application/x-www-form-urlencoded\r\n"), "{}"),
        (415, "POST /v1/decisions/batch", format!("{own}{json}"), "{}"),
        (200, "GET /v1/encounters", format!("{own}Origin: http://x\r\n"), ""),
    ];
    for (status, line, head, body) in table {
        let request =
            format!("{line} HTTP/1.1\r\n{head}Connection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let answer =
            exchange(served.address, &request.replace("http://x", &format!("http://{}", served.address))).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{line} {head}: {answer}");
    }
    assert_eq!(bench.get("/v1/encounters").await.json()["items"], serde_json::json!([]));
    served.stop.send(()).expect("a host");
    served.ended.await.expect("a task").expect("an end");
}

#[tokio::test]
async fn it_tells_a_body_that_is_no_http_from_one_that_is_late() {
    let bench = Bench::start_with(quick()).await;
    let served = start(bench.app.router.clone(), quick()).await;
    let head = "POST /v1/decisions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (chunks, status, code) in [("zz\r\n{}\r\n", 400, "malformed_body"), ("5\r\n{\"a\"", 408, "body_incomplete")] {
        let answer = exchange(served.address, &format!("{head}{chunks}")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(code), "{chunks}: {answer}");
    }
    served.stop.send(()).expect("a host");
    served.ended.await.expect("a task").expect("an end");
}

#[tokio::test]
async fn it_serves_others_once_surplus_connections_time_out() {
    let served =
        start(Router::new().route("/", get(|| async { "ok" })), ServerConfig { connections_max: 2, ..quick() }).await;
    let mut idle = Vec::new();
    for _ in 0..8 {
        idle.push(TcpStream::connect(served.address).await.expect("a connection"));
    }
    let answer = exchange(served.address, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(answer.ends_with("ok"), "{answer}");
    drop(idle);
    served.stop.send(()).expect("a host");
    served.ended.await.expect("a task").expect("an end");
}

#[tokio::test]
async fn it_lets_requests_in_flight_end_and_cuts_those_that_do_not() {
    let router = || {
        Router::new()
            .route(
                "/short",
                get(|| async {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    "done"
                }),
            )
            .route(
                "/long",
                get(|| async {
                    tokio::time::sleep(Duration::from_secs(600)).await;
                    "never"
                }),
            )
    };
    for (path, drained, ending) in [("/short", Drained::Completely, "done"), ("/long", Drained::DeadlineCame, "")] {
        let served = start(router(), quick()).await;
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        let asked = tokio::spawn(async move { exchange(served.address, &request).await });
        tokio::time::sleep(Duration::from_millis(30)).await;
        served.stop.send(()).expect("a host");
        assert_eq!(served.ended.await.expect("a task").expect("an end"), drained, "{path}");
        let answer = asked.await.expect("a task");
        assert!(answer.ends_with(ending), "{answer}");
        assert!(TcpStream::connect(served.address).await.is_err());
    }
}

#[tokio::test]
async fn it_gives_up_on_peers_that_do_not_read() {
    let large = "x".repeat(64 * 1024 * 1024);
    let router = Router::new().route(
        "/",
        get(move || {
            let large = large.clone();
            async move { large }
        }),
    );
    let served = start(router, quick()).await;
    let mut stream = TcpStream::connect(served.address).await.expect("a connection");
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", served.address);
    stream.write_all(request.as_bytes()).await.expect("a write");
    // The host waits for less; on a busy machine it begins to write late.
    tokio::time::sleep(Duration::from_millis(2_000)).await;
    let mut received = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut received))
        .await
        .expect("the host closes");
    assert!(received.len() < 64 * 1024 * 1024, "{}", received.len());
    served.stop.send(()).expect("a host");
    assert_eq!(served.ended.await.expect("a task").expect("an end"), Drained::Completely);
}

#[tokio::test]
async fn it_refuses_addresses_that_others_reach() {
    let open = ServerConfig { listen: "0.0.0.0:0".parse().expect("an address"), ..quick() };
    let refusal = listen(&open).await.expect_err("a refusal").to_string();
    assert!(refusal.contains("cannot be authenticated yet") && refusal.contains("127.0.0.1"), "{refusal}");
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.expect("a listener");
    assert!(serve(listener, Router::new(), &quick(), &Metrics::new(), async {}).await.is_err());
}

/// Whoever fills the host with connections hides nothing from those who look after it.
#[tokio::test]
async fn it_answers_health_on_a_listener_of_its_own_beside_a_crowd() {
    let crowded = ServerConfig {
        health_listen: "127.0.0.1:0".to_owned(),
        connections_max: 4,
        connections_per_peer_max: 4,
        header_timeout_ms: 5_000,
        ..quick()
    };
    let bench = Bench::start_with(crowded.clone()).await;
    let listeners = listen(&crowded).await.expect("listeners");
    let main = listeners.main.local_addr().expect("an address");
    let health = listeners.health.as_ref().expect("a listener for health").local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let app = bench.app.clone();
    let ended = tokio::spawn(async move {
        app.serve(listeners, async {
            let _ = stopped.await;
        })
        .await
    });
    let mut crowd = Vec::new();
    for _ in 0..4 {
        crowd.push(TcpStream::connect(main).await.expect("a connection"));
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        let answer = exchange(health, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }
    let other = exchange(health, "GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(other.starts_with("HTTP/1.1 404"), "{other}");
    drop(crowd);
    stop.send(()).expect("a host");
    ended.await.expect("a task").expect("an end");
}

#[tokio::test]
async fn it_closes_connections_of_an_address_that_has_too_many() {
    let few = ServerConfig { connections_per_peer_max: 2, header_timeout_ms: 5_000, ..quick() };
    let bench = Bench::start_with(few.clone()).await;
    let served = start(bench.app.router.clone(), few).await;
    let first = TcpStream::connect(served.address).await.expect("a connection");
    let _second = TcpStream::connect(served.address).await.expect("a connection");
    let ask = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let mut third = TcpStream::connect(served.address).await.expect("a connection");
    let mut nothing = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(5), third.read_to_end(&mut nothing)).await;
    // It is closed, whether the system tells so by an end or by a reset.
    assert!(ended.expect("it is closed").is_ok_and(|read| read == 0) || nothing.is_empty());
    drop(first);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let answer = exchange(served.address, ask).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    served.stop.send(()).expect("a host");
    served.ended.await.expect("a task").expect("an end");
}

#[tokio::test]
async fn it_names_a_health_address_that_is_none_or_that_others_reach() {
    for (given, told) in [("here", "is no address"), ("0.0.0.0:9", "can be reached by other machines")] {
        let wrong = ServerConfig { health_listen: given.to_owned(), ..quick() };
        let refusal = listen(&wrong).await.expect_err("a refusal").to_string();
        assert!(refusal.contains("health_listen") && refusal.contains(told), "{refusal}");
    }
}

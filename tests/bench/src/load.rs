//! Sends requests over kept-open loopback connections, one thread for each. Knows HTTP/1.1 just well enough for that.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};

/// The agency of requests that name no other.
pub(crate) const AGENCY: &str = "bench";

/// One kept-open connection.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    head: String,
}

/// An answer.
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// A request with a body, written once and sent by a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    /// `GET`, `POST`, ...
    pub(crate) method: &'a str,
    /// Path and query.
    pub(crate) path: &'a str,
    /// The agency that asks.
    pub(crate) agency: &'a str,
    /// Type of the body.
    pub(crate) content_type: &'a str,
    /// The body.
    pub(crate) body: &'a [u8],
}

impl<'a> Request<'a> {
    /// A body of JSON to `path`.
    pub(crate) fn json(path: &'a str, body: &'a [u8]) -> Self {
        Self { method: "POST", path, agency: AGENCY, content_type: "application/json", body }
    }

    /// No body.
    pub(crate) fn get(path: &'a str) -> Self {
        Self { method: "GET", path, agency: AGENCY, content_type: "application/json", body: &[] }
    }
}

impl Connection {
    /// Connects.
    pub(crate) fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self { stream: BufReader::new(stream), head: String::new() })
    }

    /// Sends a request and reads the whole answer.
    pub(crate) fn send(&mut self, request: Request<'_>) -> Result<Answer> {
        let Request { method, path, agency, content_type, body } = request;
        let host = self.stream.get_ref().peer_addr()?;
        let mut bytes = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nadjudica-agency: {agency}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        bytes.extend_from_slice(body);
        self.stream.get_mut().write_all(&bytes)?;
        self.read_answer()
    }

    fn read_line(&mut self) -> Result<&str> {
        self.head.clear();
        ensure!(self.stream.read_line(&mut self.head)? > 0, "the server closed the connection");
        Ok(self.head.trim_end())
    }

    fn read_answer(&mut self) -> Result<Answer> {
        let status =
            self.read_line()?.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status line")?;
        let mut length = None;
        let mut is_chunked = false;
        loop {
            let line = self.read_line()?.to_ascii_lowercase();
            match line.split_once(':') {
                None => break,
                Some(("content-length", value)) => length = value.trim().parse().ok(),
                Some(("transfer-encoding", value)) => is_chunked = value.trim() == "chunked",
                Some(_) => {}
            }
        }
        let body = if is_chunked { self.read_chunks()? } else { self.read_bytes(length.unwrap_or(0))? };
        Ok(Answer { status, body })
    }

    fn read_bytes(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }

    fn read_chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let length = usize::from_str_radix(self.read_line()?, 16)?;
            let chunk = self.read_bytes(length)?;
            body.extend_from_slice(&chunk);
            self.read_line()?;
            if length == 0 {
                return Ok(body);
            }
        }
    }
}

/// What a run of requests took.
#[derive(Debug)]
pub(crate) struct Run {
    /// Requests in one second.
    pub(crate) per_second: f64,
    /// How long each took, in milliseconds.
    pub(crate) latencies_ms: Vec<f64>,
}

/// Sends every body of `bodies` once, as JSON to `path`, over `connections` connections.
///
/// # Errors
/// An answer with another status than `status`, or none.
pub(crate) fn send_all(
    address: SocketAddr,
    path: &str,
    bodies: &[Vec<u8>],
    connections: usize,
    status: u16,
) -> Result<Run> {
    let next = AtomicUsize::new(0);
    let start = Instant::now();
    let latencies = std::thread::scope(|scope| {
        let work = || -> Result<Vec<f64>> {
            let mut connection = Connection::open(address)?;
            let mut latencies = Vec::new();
            while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                let sent = Instant::now();
                let answer = connection.send(Request::json(path, body))?;
                latencies.push(sent.elapsed().as_secs_f64() * 1_000.0);
                if answer.status != status {
                    bail!("{path} answered {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
                }
            }
            Ok(latencies)
        };
        let threads: Vec<_> = (0..connections).map(|_| scope.spawn(work)).collect();
        let joined =
            threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a connection's thread died"))?);
        joined.collect::<Result<Vec<_>>>()
    })?;
    let seconds = start.elapsed().as_secs_f64();
    let latencies_ms: Vec<f64> = latencies.into_iter().flatten().collect();
    let sent = u32::try_from(latencies_ms.len())?;
    Ok(Run { per_second: f64::from(sent) / seconds, latencies_ms })
}

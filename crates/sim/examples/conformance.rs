//! Runs the conformance script against any API server, to compare it with the simulated one.
//!
//! ```text
//! kubectl proxy --port 8001 &
//! cargo run -p flinkk8soperator-sim --example conformance -- http://127.0.0.1:8001
//! ```
//!
//! It makes a namespace `conformance` and a kind of `example.org`, and removes both at the end.

use bytes::Bytes;
use flinkk8soperator_sim::http::kubernetes::conformance;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use std::error::Error;
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let server = std::env::args().nth(1).ok_or("usage: conformance URL")?;
    let client: Client<HttpConnector, Full<Bytes>> =
        Client::builder(TokioExecutor::new()).build_http();
    let (steps, differences) = conformance::run(conformance::SCRIPT, |request| {
        let (client, server) = (client.clone(), server.clone());
        async move {
            send(&client, &server, request)
                .await
                .unwrap_or_else(|error| Response::new(Bytes::from(format!("no answer: {error}"))))
        }
    })
    .await;
    for difference in &differences {
        println!("{difference}\n");
    }
    println!("{steps} steps, {} differences", differences.len());
    Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn send(
    client: &Client<HttpConnector, Full<Bytes>>,
    server: &str,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, Box<dyn Error>> {
    let (mut parts, body) = request.into_parts();
    parts.uri = format!("{server}{}", parts.uri).parse()?;
    let request = Request::from_parts(parts, Full::new(body));
    let (parts, body) = client.request(request).await?.into_parts();
    Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
}

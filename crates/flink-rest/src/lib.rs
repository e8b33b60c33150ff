//! A typed client for Flink's REST API, Flink 1.13 to 2.3.
//!
//! What a call asks and what its answer means are plain data: [`request`] builds, [`response`]
//! reads, neither sends. The only module that sends is [`transport`]; [`Client`] joins the three.
//! This crate decides nothing: it repeats a GET that broke and never anything else, and says of
//! every [`Error`] whose fault it is, whether Flink may have acted, and whether asking again helps.
//!
//! ```no_run
//! # async fn example() -> Result<(), flinkk8soperator_flink_rest::Error> {
//! use flinkk8soperator_flink_rest::{Client, Security, Settings, Target, Transport};
//!
//! let transport = Transport::new(Settings::default());
//! let pod = Target::new("10.1.2.3:8081".parse().expect("an address"), "uid-of-the-pod");
//! let flink = Client::direct(&transport, &pod, &Security::default());
//! let version = flink.config().await?.flink_version;
//! for job in flink.jobs().await?.jobs {
//!     println!("{} is {} on Flink {version}", job.id, job.status);
//! }
//! # Ok(())
//! # }
//! ```

pub mod client;
pub mod request;
pub mod response;

pub mod error;
pub mod ids;
pub mod model;
pub mod security;
pub mod transport;
pub mod version;

mod reason;
mod span;
mod words;

pub use client::Client;
pub use error::{Cause, Denied, Error, Fault, Intermediary, Reached, Refusal, Retry};
pub use ids::{JobId, TriggerId, VertexId};
pub use request::Request;
pub use security::{BasicAuth, Security, Tls};
pub use span::TRACES;
pub use transport::{Failure, Settings, Target, Transport};
pub use version::FlinkVersion;

//! An application's Kubernetes objects and its deploy hash.
//!
//! Rendered twice: [`reference`](reference::render) as the reference operator (Lyft's
//! FlinkK8sOperator) does it, defects included, which is the input of the [`deploy_hash`] and what a
//! running cluster is compared with when it is adopted; and [`created`](created::render) as we do it.
//! [`difference`] says what a changed spec asks for; [`rebuild`] reads a version back from the Deployments
//! that the reference operator made for it.
//!
//! Pure: no I/O, no clock, nothing random, one output for one input. The application comes in as the
//! JSON that is stored ([`Application::parse`]); typed objects, text and values go out.
//!
//! ```
//! use flinkk8soperator_resources::{Application, RenderConfig, deploy_hash};
//!
//! let stored = serde_json::json!({
//!     "metadata": {"name": "wordcount", "namespace": "bench"},
//!     "spec": {
//!         "image": "registry.test/wordcount:1",
//!         "flinkVersion": "1.18",
//!         "jarName": "wordcount.jar",
//!         "entryClass": "org.example.WordCount",
//!         "parallelism": 4,
//!     },
//! });
//! let app = Application::parse(&stored)?;
//! assert_eq!(deploy_hash(&app, &RenderConfig::default()).to_string(), "71643bb0");
//! # Ok::<(), flinkk8soperator_resources::WrongType>(())
//! ```

mod application;
mod config;

pub mod created;
pub mod reference;

mod deploy_hash;
mod difference;
mod program;
mod rebuilt;
pub mod text;

mod deployment;
pub mod flink_rest;
pub mod high_availability;
mod ingress;
pub mod labels;
mod properties;
mod service;

mod go_json;
mod go_shapes;
mod object_hash;
mod quantity;

pub use application::{Application, WrongType, coloured};
pub use config::RenderConfig;
pub use deploy_hash::{deploy_hash, hash_after_finalizer_write, reference_hash};
pub use difference::{TOOL_METADATA, difference, digest};
pub use flink_rest::FlinkRest;
pub use ingress::ingress_host;
pub use program::{RunParameters, split_arguments};
pub use properties::PropertiesError;
pub use rebuilt::{Deployments, Rebuilt, rebuild};

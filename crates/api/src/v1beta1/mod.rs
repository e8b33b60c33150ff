//! `flink.k8s.io/v1beta1`: the types of a `FlinkApplication` as users and the API server hold it.
//!
//! Reading is lenient (an object that lies in etcd has to be readable: `null` is absence, unknown
//! fields are passed over, unknown words are kept); strictness lives in the schema of the CRD.
//! The deploy hash is not computed from these types but from the object as stored.

pub use modes::*;
pub use phase::*;
pub use roles::*;
pub use spec::*;
pub use status::*;

mod lenient;
mod modes;
mod phase;
mod roles;
mod spec;
mod status;

/// The API group.
pub const GROUP: &str = "flink.k8s.io";
/// The version of the API group.
pub const VERSION: &str = "v1beta1";
/// `apiVersion` of a `FlinkApplication`.
pub const API_VERSION: &str = "flink.k8s.io/v1beta1";
/// The kind.
pub const KIND: &str = "FlinkApplication";
/// The finalizer which keeps an application until its job is over; the name is the reference operator's.
pub const FINALIZER: &str = "job.finalizers.flink.k8s.io";

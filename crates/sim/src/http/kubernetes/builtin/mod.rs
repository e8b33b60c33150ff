//! What the API server knows about built-in kinds: defaults and validation, as far as an operator
//! of Deployments meets them. Unknown fields stay: there are no schemas for built-in kinds here.

mod defaults;
mod validate;

pub use defaults::fill_defaults;
pub use validate::{validate, validate_metadata};

//! From a round's decision to the status that people, tools and the reference operator read.

mod argocd;
mod errors;
mod fields;
mod figures;
mod history;
mod scene;
mod versions;

//! What becomes of an application in the reference operator's hands, in words.

use std::fmt;

use super::rule::Outcome;

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Unchanged { removes } if removes.is_empty() => f.write_str("unchanged"),
            Outcome::Unchanged { removes } => {
                let removes: Vec<&str> = removes.iter().map(String::as_str).collect();
                write!(f, "unchanged; what is left of {} is removed", removes.join(", "))
            }
            Outcome::Damaged { needs } => {
                write!(f, "not redeployed, but {needs}, which its cluster needs, is removed")
            }
            Outcome::Redeployed { from, to, in_place } => {
                let how = if *in_place { "scaled in place" } else { "redeployed" };
                let from = if from.is_empty() { "nothing" } else { from };
                write!(f, "{how}: from {from} to {to}")
            }
            Outcome::Refused { why } => write!(f, "the pending edit fails: {why}"),
            Outcome::Deploying => f.write_str("in the middle of a deploy: wait until it rests"),
            Outcome::TornDown => f.write_str("the version in tearDownVersionHash is torn down"),
            Outcome::Deleting => f.write_str("its deletion goes on"),
            Outcome::Ignored => f.write_str("nothing is done with it: an unknown phase"),
            Outcome::Unreadable { why } => write!(f, "not known: {why}"),
        }
    }
}

//! A check of the explorer itself: two nodes with the same canonical form have the same future.
//!
//! Were something left out of the form that matters, an exploration would take two different
//! states for one, follow the first and never see what becomes of the second.

use std::collections::{BTreeSet, HashMap, VecDeque};

use flinkk8soperator_core::Config;

use super::moves::{self, Move, Standing};
use super::node::Node;
use super::scenario::Suite;
use super::search::is_goal;
use super::{canon, round, trace};

/// Explores a suite and compares, for every node that is taken for one met before, what can come
/// next of both. Returns how many were compared.
///
/// # Errors
/// Two nodes of the same form have different futures: the moves that lead to different forms.
pub fn check_form(suite: &Suite) -> Result<usize, String> {
    let config = suite.config();
    let (root, _) = trace::beginning(suite, &config, None);
    let mut futures: HashMap<u128, BTreeSet<u128>> = HashMap::new();
    let mut queue = VecDeque::from([root]);
    let mut compared = 0;
    while let Some(node) = queue.pop_front() {
        let form = canon::hash(&node);
        let next = successors(suite, &config, &node);
        let forms: BTreeSet<u128> = next.iter().map(|(_, node)| canon::hash(node)).collect();
        match futures.get(&form) {
            Some(known) if *known == forms => compared += 1,
            Some(known) => {
                let strange = next.iter().filter(|(_, n)| !known.contains(&canon::hash(n)));
                let moves: Vec<String> = strange.map(|(by, _)| format!("{by:?}")).collect();
                return Err(format!("by {moves:?} from {node:?}"));
            }
            None => {
                futures.insert(form, forms);
                queue.extend(next.into_iter().map(|(_, node)| node));
            }
        }
    }
    Ok(compared)
}

fn successors(suite: &Suite, config: &Config, node: &Node) -> Vec<(Move, Node)> {
    let thought = round::think(suite, config, None, node);
    let after = round::complete(suite, None, &thought);
    let still = node.gone() || canon::hash(&after) == canon::hash(node);
    let goal = node.gone() || still && is_goal(node, &thought);
    let all = moves::list(suite, node, &thought, &Standing { still, goal });
    let make = |by: Move| (by, moves::make(suite, None, node, &thought, by));
    all.into_iter().map(make).collect()
}

//! Plays a story: facts in, the text of the decisions out. What it prints between `----` and the
//! next empty line replaces what stood there; the rest of the story is kept as it is.

mod exact;
mod facts;
mod flink;
mod given;
mod print;
mod world;

use flinkk8soperator_core::{FactRequest, Plan, needs, plan};
use world::World;

use crate::common::{observe, round};

/// More rounds than any chain of transitions on the same facts takes: a livelock ends here.
const ROUNDS: usize = 8;

/// What a step shows.
enum Shown {
    Decisions,
    Plan,
    Questions,
}

/// The story with the decisions as they are now.
pub(crate) fn play(story: &str) -> Result<String, String> {
    let mut world = World::default();
    let mut text = String::new();
    let (mut why, mut inside_decision, mut shown) = (false, false, Shown::Decisions);
    for (number, line) in story.lines().enumerate() {
        let at = |error: String| format!("line {}: {error}", number + 1);
        if inside_decision && !line.is_empty() {
            continue;
        }
        text.push_str(line);
        text.push('\n');
        match line {
            "" => inside_decision = false,
            "----" if !why => return Err(at("a step begins with a sentence of why".to_owned())),
            "----" => {
                let played = match shown {
                    Shown::Decisions => rounds(&mut world),
                    Shown::Plan => Ok(print::plan(&world, &planned(&world, STEPS))),
                    Shown::Questions => Ok(print::questions(&world, &asked(&world))),
                };
                text.push_str(&played.map_err(at)?);
                (why, inside_decision, shown) = (false, true, Shown::Decisions);
            }
            "plan" => shown = Shown::Plan,
            "asks" => shown = Shown::Questions,
            comment if comment.starts_with("# ") => why = true,
            fact => facts::apply(&mut world, fact).map_err(at)?,
        }
    }
    Ok(text)
}

/// More steps than any plan has.
const STEPS: usize = 20;

/// What would be done from here on; the state stays.
fn planned(world: &World, limit: usize) -> Plan {
    let cx = world.context();
    let seen = observe(&cx, &world.state, |ask| world.answer(ask));
    plan(&cx, &world.state, &seen, limit)
}

/// What the next round would ask for.
fn asked(world: &World) -> FactRequest {
    let cx = world.context();
    needs(&cx, &world.state, &observe(&cx, &world.state, |ask| world.answer(ask)))
}

/// What would be done where these facts hold, one a line, in at most so many steps.
pub(crate) fn foretell(facts: &str, limit: usize) -> Result<Plan, String> {
    let mut world = World::default();
    for fact in facts.lines() {
        facts::apply(&mut world, fact)?;
    }
    Ok(planned(&world, limit))
}

/// Rounds on the same facts until the state stays.
fn rounds(world: &mut World) -> Result<String, String> {
    let mut text = String::new();
    for _ in 0..ROUNDS {
        let decision = round(&world.context(), &world.state, |ask| world.answer(ask));
        world.resumed = false;
        text.push_str(&print::decision(world, &decision));
        if decision.state == world.state {
            return Ok(text);
        }
        world.state = decision.state;
        if world.one_round {
            return Ok(text);
        }
    }
    Err(format!("the state does not settle on the same facts:\n{text}"))
}

//! A job on the adaptive scheduler (Flink 1.18 and later) takes another parallelism without being
//! stopped: its vertices' bounds are changed, and Flink starts the tasks anew by itself, from the
//! newest checkpoint.

use crate::decision::{Effect, Requirements};
use crate::observation::{FactRequest, Flink, Observation, Vertex};
use crate::state::{Bounds, LiveJob, Target};

/// What the job's vertices may have and have, asked of the process that is asked about it anyway.
pub(crate) fn needs(target: Target, job: &LiveJob, ask: &mut FactRequest) {
    let of = ask.flink.iter_mut().find(|f| f.incarnation == target.incarnation);
    if let Some(request) = of {
        request.requirements = Some(job.id);
        request.jobs = true;
        request.job = Some(job.id);
    }
}

/// The bounds, before anything is changed, of the vertices that go along from one parallelism to
/// another: those that may have just as many tasks as the job had. One that was given a number of its
/// own keeps it, and one whose state cannot be distributed over so many tasks.
pub(crate) fn before(vertices: &[Vertex], from: u32, to: u32) -> Vec<Bounds> {
    let goes_along = |v: &&Vertex| {
        v.bounds.upper == from && v.max_parallelism.is_none_or(|highest| highest >= to)
    };
    vertices.iter().filter(goes_along).map(|v| v.bounds).collect()
}

/// What a vertex is to have.
fn wanted(bounds: Bounds, to: u32) -> Bounds {
    Bounds { lower: bounds.lower.min(to), upper: to, ..bounds }
}

/// Every vertex that goes along runs as many tasks as it is to.
pub(crate) fn is_done(vertices: &[Vertex], before: &[Bounds], to: u32) -> bool {
    let runs = |bounds: &Bounds| {
        let vertex = vertices.iter().find(|v| v.bounds.vertex == bounds.vertex);
        vertex.is_some_and(|v| {
            v.bounds == wanted(*bounds, to) && (v.parallelism, v.running) == (to, to)
        })
    };
    before.iter().all(runs)
}

/// The old bounds are in force again.
pub(crate) fn is_undone(vertices: &[Vertex], before: &[Bounds]) -> bool {
    before
        .iter()
        .all(|old| vertices.iter().all(|v| v.bounds.vertex != old.vertex || v.bounds == *old))
}

/// How many of the tasks that go along run, of how many.
pub(crate) fn count(vertices: &[Vertex], before: &[Bounds], to: u32) -> (u32, u32) {
    let mine = |v: &&Vertex| before.iter().any(|old| old.vertex == v.bounds.vertex);
    let running = vertices.iter().filter(mine).map(|v| v.running.min(to)).sum();
    (running, before.len().try_into().unwrap_or(u32::MAX).saturating_mul(to))
}

/// Asks for the other parallelism; `to` none: for the old bounds.
pub(crate) fn effect(
    target: Target,
    job: &LiveJob,
    before: &[Bounds],
    to: Option<u32>,
    seen: &Observation,
) -> Option<Effect> {
    let process = seen.cluster(target.incarnation)?.jobmanager_process(None)?;
    let flink = seen.flink.get(&target.incarnation).filter(|f| f.process == Some(process))?;
    let vertices = known(flink)?;
    let new = |vertex: &Vertex| {
        let old = before.iter().find(|old| old.vertex == vertex.bounds.vertex);
        old.map_or(vertex.bounds, |old| to.map_or(*old, |to| wanted(*old, to)))
    };
    let due = vertices.iter().any(|vertex| new(vertex) != vertex.bounds);
    due.then(|| {
        Effect::SetRequirements(Requirements {
            incarnation: target.incarnation,
            process,
            job: job.id,
            bounds: vertices.iter().map(new).collect(),
        })
    })
}

/// The vertices, where the job's scheduler can change them.
pub(crate) fn known(flink: &Flink) -> Option<&[Vertex]> {
    flink.requirements.known()?.as_deref()
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::fixture::{self, JOB, cluster, seen, target};
    use crate::{Fact, FlinkRequest, Incarnation, Origin, VertexId};

    fn bounds(vertex: u128, lower: u32, upper: u32) -> Bounds {
        Bounds { vertex: VertexId(vertex), lower, upper }
    }

    /// A vertex with these bounds that has `running` tasks.
    fn vertex(bounds: Bounds, running: u32) -> Vertex {
        Vertex { bounds, max_parallelism: None, parallelism: running, running }
    }

    fn job() -> LiveJob {
        LiveJob { id: JOB, from: Origin::Empty, learnt: None }
    }

    #[test]
    fn the_process_that_is_asked_anyway_is_asked_about_the_job_too_and_no_other_is() {
        let mut ask = FactRequest::default();
        needs(target(), &job(), &mut ask);
        assert_eq!(ask, FactRequest::default());

        let [mine, others] = [1, 2].map(|n| FlinkRequest::to(Incarnation(n), fixture::PROCESS));
        ask.flink = vec![others.clone(), mine.clone()];
        needs(target(), &job(), &mut ask);
        assert_eq!(ask.flink[0], others);
        let (requirements, id) = (Some(JOB), Some(JOB));
        assert_eq!(ask.flink[1], FlinkRequest { requirements, job: id, jobs: true, ..mine });
    }

    #[test]
    fn a_vertex_goes_along_that_had_what_the_job_had_and_whose_state_can_be_distributed() {
        let of = |upper, max_parallelism| {
            let vertex = Vertex { max_parallelism, ..vertex(bounds(1, 1, upper), upper) };
            !before(&[vertex], 2, 4).is_empty()
        };
        let rows = [
            (2, None, true),
            (3, None, false),
            (1, None, false),
            (2, Some(3), false),
            (2, Some(4), true),
            (2, Some(5), true),
        ];
        for (upper, max_parallelism, expected) in rows {
            assert_eq!(of(upper, max_parallelism), expected, "{upper} {max_parallelism:?}");
        }
    }

    #[test]
    fn it_is_done_when_every_vertex_that_goes_along_has_and_runs_what_it_is_to() {
        let before = [bounds(1, 1, 2), bounds(2, 2, 2)];
        let second = vertex(bounds(2, 2, 4), 4);
        let check = |first: Vertex| is_done(&[first, second], &before, 4);
        let whole = vertex(bounds(1, 1, 4), 4);
        assert!(check(whole));
        assert!(!check(Vertex { running: 3, ..whole }), "a task does not run");
        assert!(!check(Vertex { parallelism: 2, ..whole }), "it has not begun");
        assert!(!check(vertex(bounds(1, 1, 3), 4)), "it may have another number");
        assert!(!check(vertex(bounds(3, 1, 4), 4)), "it is not there");
        // What one is to have at least goes down with it.
        let down = [vertex(bounds(2, 1, 1), 1)];
        assert!(is_done(&down, &before[1..], 1));
    }

    #[test]
    fn it_is_undone_when_every_vertex_that_is_there_has_its_old_bounds() {
        let before = [bounds(1, 1, 2), bounds(2, 1, 2)];
        let check = |now: &[Bounds]| {
            let vertices: Vec<Vertex> = now.iter().map(|bounds| vertex(*bounds, 0)).collect();
            is_undone(&vertices, &before)
        };
        assert!(check(&[bounds(1, 1, 2), bounds(2, 1, 2)]));
        assert!(!check(&[bounds(1, 1, 2), bounds(2, 1, 4)]));
        assert!(!check(&[bounds(1, 1, 4), bounds(2, 1, 4)]));
        assert!(check(&[bounds(1, 1, 2), bounds(3, 1, 4)]), "another's are nobody's concern");
    }

    #[test]
    fn tasks_are_counted_of_the_vertices_that_go_along_and_never_above_what_is_wanted() {
        let before = [bounds(1, 1, 2), bounds(2, 1, 2)];
        let vertices =
            [vertex(bounds(1, 1, 4), 3), vertex(bounds(2, 1, 4), 6), vertex(bounds(3, 1, 9), 9)];
        assert_eq!(count(&vertices, &before, 4), (3 + 4, 8));
        assert_eq!(count(&[], &before, 4), (0, 8));
    }

    #[test]
    fn other_bounds_are_asked_for_where_they_are_not_in_force_and_only_for_what_goes_along() {
        let before = [bounds(1, 2, 2)];
        let aside = vertex(bounds(9, 1, 1), 1);
        let check = |now: Bounds, to| {
            let requirements = Fact::Known(Some(vec![vertex(now, 2), aside]));
            let seen = seen(vec![cluster()], Flink { requirements, ..Flink::default() });
            effect(target(), &job(), &before, to, &seen)
        };
        let asks = |to: Bounds| {
            let (incarnation, process) = (Incarnation(1), fixture::PROCESS);
            let bounds = vec![to, aside.bounds];
            let wanted = Requirements { incarnation, process, job: JOB, bounds };
            Some(Effect::SetRequirements(wanted))
        };
        assert_eq!(check(bounds(1, 2, 2), Some(4)), asks(bounds(1, 2, 4)));
        assert_eq!(check(bounds(1, 2, 4), Some(4)), None);
        assert_eq!(check(bounds(1, 2, 2), Some(1)), asks(bounds(1, 1, 1)));
        assert_eq!(check(bounds(1, 1, 1), None), asks(bounds(1, 2, 2)));
        assert_eq!(check(bounds(1, 2, 2), None), None);
        // What another process said is not this one's.
        let requirements = Fact::Known(Some(vec![vertex(bounds(1, 2, 2), 2)]));
        let mut seen = seen(vec![cluster()], Flink { requirements, ..Flink::default() });
        seen.flink.values_mut().for_each(|flink| flink.process = None);
        assert_eq!(effect(target(), &job(), &before, Some(4), &seen), None);
    }
}

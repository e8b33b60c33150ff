//! What must be true of the world at some time: the cases without which an always-property says nothing.

use super::origin::by_a_person;
use super::predecessor;
use crate::world::{AppId, Deleter, End, File, FileKind, Origin, Run, RunId, World};

/// Something that has to be seen at some time.
pub type Sometimes = (&'static str, fn(&World) -> bool);

/// A job of a first deploy came to be good.
pub const FIRST_DEPLOYED: &str = "a first deploy is good";
/// An update came to be good, from the state of the version before.
pub const UPDATED: &str = "an update is good, and went on where the version before stopped";
/// A version was started again from its own savepoint after another had run or been tried.
pub const ROLLED_BACK: &str = "a version runs again from its own savepoint";
/// After a first deploy that failed another one came to be good.
pub const CURED: &str = "a first deploy that failed was cured by another";
/// An application is gone with everything it owned.
pub const DELETED: &str = "an application is gone, with a final savepoint and without pods";
/// A savepoint whose operation nobody could read was used.
pub const FOUND_BY_STATISTICS: &str = "a savepoint was found through the statistics alone";
/// A job that is good went on from where a person had stopped the one before.
pub const STOPPED_BY_A_PERSON: &str = "a job goes on from where a person stopped the one before";
/// A lost job was started again from its own newest checkpoint.
pub const RECOVERED: &str = "a job runs again from its own newest checkpoint";
/// Two good versions run beside each other.
pub const BESIDE: &str = "two good versions run beside each other";
/// Of two good versions the older one was stopped, and the newer one runs.
pub const OLDER_TORN_DOWN: &str = "of two versions the older one was torn down";
/// Of two good versions the newer one was stopped, and the older one runs.
pub const NEWER_TORN_DOWN: &str = "of two versions the newer one was torn down";
/// A version that came up beside a good one failed, and the good one runs.
pub const FAILED_BESIDE: &str = "a version failed beside a good one that runs";
/// A job was started without state because the user allowed it.
pub const WITHOUT_STATE: &str = "a job begins from nothing because the user allowed it";
/// A version runs again from the checkpoint that stayed when its job was cancelled for one without state.
pub const KEPT_FOR_ROLLBACK: &str = "a version runs again from the checkpoint of its cancelled job";
/// A job ended by itself and its successor began from nothing.
pub const AFTER_THE_END: &str = "a job begins from nothing after one that ended by itself";
/// Flink removed a checkpoint by its rules of retention.
pub const DISCARDED: &str = "a checkpoint is gone that Flink itself removed";
/// A cluster that was good went after another one was.
pub const REPLACED: &str = "the cluster of a good version is gone after another is good";

/// A person's job was cancelled, and one of the application's own is good.
pub const CLEARED: &str = "a person's job was cancelled, and the application's own is good";
/// A person's job became the application's.
pub const ADOPTED: &str = "a person's job is the application's own, and good";

/// A job goes on in the same cluster with more tasks.
pub const SCALED_UP: &str = "a job goes on in the same cluster with a higher parallelism";
/// A job goes on in the same cluster with fewer tasks.
pub const SCALED_DOWN: &str = "a job goes on in the same cluster with a lower parallelism";
/// A job's scheduler brought it to another parallelism, and that is good.
pub const ADAPTED: &str = "a job runs with another parallelism than it was submitted with";
/// A job goes on in a cluster of its own with another parallelism.
pub const SCALED_ANEW: &str = "a job goes on in a new cluster with another parallelism";
/// Another parallelism did not work in place, and the job goes on as before.
pub const SCALED_BACK: &str = "a job goes on as before in the cluster that was scaled in place";

/// A job that was good does not run any more, and nobody wanted that.
pub const LOST: &str = "a good job fails or is lost";

/// What has to be seen at some time, by some exploration.
pub const SOMETIMES: &[Sometimes] = &[
    (DISCARDED, |w| w.files.iter().any(|f| f.deleted == Some(Deleter::Flink))),
    (REPLACED, |w| {
        let good = || w.runs.iter().filter(|r| r.announced);
        let Some(last) = good().next_back() else { return false };
        let stands =
            |r: &&Run| w.deployments.iter().any(|d| d.cluster.incarnation == r.incarnation);
        let stays = w.applications.iter().all(|a| !a.deleting && !a.gone);
        stays && stands(&last) && good().any(|r| !stands(&r))
    }),
    (FIRST_DEPLOYED, |w| w.runs.iter().any(|r| r.announced && r.origin == Origin::Empty)),
    (UPDATED, |w| goes_on(w, |run, before| run.announced && run.hash != before.hash)),
    (ROLLED_BACK, |w| {
        goes_on(w, |run, before| {
            let version = |r: &Run| (r.hash, r.parallelism);
            run.announced && version(run) == version(before)
        })
    }),
    (CURED, |w| {
        let cured = |r: &Run| r.announced && r.origin == Origin::Empty && r.incarnation > 1;
        w.runs.iter().any(cured) && w.runs.iter().all(|r| r.announced || !r.started)
    }),
    (DELETED, |w| {
        let gone = |n: usize| {
            let mine = |p: &&crate::world::Pod| p.cluster.app == AppId(n);
            let last = predecessor(w, AppId(n), RunId(usize::MAX));
            let saved = last.and_then(|run| w.newest_file(run));
            w.applications[n].gone
                && w.pods.iter().filter(mine).count() == 0
                && saved.is_some_and(|f| w.files[f.0].kind == FileKind::Savepoint)
        };
        (0..w.applications.len()).any(gone)
    }),
    (FOUND_BY_STATISTICS, |w| {
        w.runs.iter().any(|r| match r.origin {
            Origin::File(file) => r.announced && !w.files[file.0].told_by_operation,
            Origin::Empty => false,
        })
    }),
    (STOPPED_BY_A_PERSON, |w| {
        w.runs.iter().any(|r| match r.origin {
            Origin::File(file) => r.announced && by_a_person(w, &w.files[file.0]),
            Origin::Empty => false,
        })
    }),
    (RECOVERED, |w| {
        w.runs.iter().any(|run| match run.origin {
            Origin::File(file) => {
                let file = &w.files[file.0];
                let writer = file.run.map(|of| w.run(of));
                let same = writer.is_some_and(|of| of.incarnation == run.incarnation);
                run.announced && same && file.kind == FileKind::Checkpoint
            }
            Origin::Empty => false,
        })
    }),
    (WITHOUT_STATE, |w| {
        let lost = |r: &Run| r.started && r.end != Some(End::Finished);
        let first = w.runs.iter().position(lost);
        let anew = |r: &Run| r.announced && r.origin == Origin::Empty;
        let stateless = w.applications.iter().any(|a| a.spec.stateless);
        stateless && first.is_some_and(|n| w.runs[n + 1..].iter().any(anew))
    }),
    (KEPT_FOR_ROLLBACK, |w| {
        let kept = |run: &Run, file: &File| {
            let of_cancelled = |of: &Run| of.end == Some(End::Canceled) && of.hash == run.hash;
            file.kind == FileKind::Checkpoint && file.run.is_some_and(|of| of_cancelled(w.run(of)))
        };
        w.runs.iter().any(|run| match run.origin {
            Origin::File(file) => {
                let stateless = w.applications[run.app.0].spec.stateless;
                stateless && run.announced && kept(run, &w.files[file.0])
            }
            Origin::Empty => false,
        })
    }),
    (BESIDE, |w| pair(w, |older, newer| newer.announced && lives(older) && lives(newer))),
    (OLDER_TORN_DOWN, |w| {
        pair(w, |older, newer| stopped(older) && lives(newer) && newer.announced)
    }),
    (NEWER_TORN_DOWN, |w| {
        pair(w, |older, newer| lives(older) && stopped(newer) && newer.announced)
    }),
    (FAILED_BESIDE, |w| {
        pair(w, |older, newer| lives(older) && newer.end == Some(End::Failed) && !newer.announced)
    }),
    (LOST, |w| {
        let against = |end| matches!(end, Some(End::Failed | End::Lost | End::Canceled));
        w.runs.iter().any(|r| r.announced && against(r.end))
    }),
    (AFTER_THE_END, |w| {
        let ended = |r: &Run| r.end == Some(End::Finished);
        let first = w.runs.iter().position(ended);
        first.is_some_and(|n| w.runs[n..].iter().any(|r| r.announced && !ended(r)))
    }),
    (CLEARED, |w| {
        let cancelled = |r: &Run| r.foreign && r.end == Some(End::Canceled) && !r.announced;
        let theirs = w.runs.iter().position(cancelled);
        theirs.is_some_and(|n| w.runs[n..].iter().any(|r| r.announced && !r.foreign))
    }),
    (ADOPTED, |w| w.runs.iter().any(|r| r.foreign && r.announced)),
    (SCALED_UP, |w| in_place(w, |run, before| run.parallelism > before.parallelism)),
    (SCALED_DOWN, |w| in_place(w, |run, before| run.parallelism < before.parallelism)),
    (ADAPTED, |w| {
        let wanted = |r: &Run| w.applications[r.app.0].spec.parallelism;
        let adapted =
            |r: &Run| r.announced && r.parallelism != r.submitted && r.parallelism == wanted(r);
        w.runs.iter().any(adapted)
    }),
    (SCALED_ANEW, |w| {
        goes_on(w, |run, before| {
            let same = run.announced && run.hash == before.hash;
            same && run.incarnation != before.incarnation && run.parallelism != before.parallelism
        })
    }),
    (SCALED_BACK, |w| {
        let wanted = |run: &Run| w.applications[run.app.0].spec.parallelism;
        in_place(w, |run, before| run.parallelism == before.parallelism)
            && w.runs.last().is_some_and(|run| run.parallelism != wanted(run))
    }),
];

fn lives(run: &Run) -> bool {
    run.started && run.end.is_none()
}

fn stopped(run: &Run) -> bool {
    run.end == Some(End::Stopped)
}

/// Whether two runs of different clusters, the older one good, stand to each other as said, where the
/// user wants them beside each other.
fn pair(world: &World, stands: fn(&Run, &Run) -> bool) -> bool {
    let goes_on = |run: &Run| {
        let application = &world.applications[run.app.0];
        application.spec.beside && !application.deleting
    };
    let older = world.runs.iter().enumerate().filter(|(_, run)| run.announced && goes_on(run));
    older.into_iter().any(|(n, older)| {
        let newer = world.runs[n + 1..].iter().filter(|r| r.incarnation != older.incarnation);
        newer.into_iter().any(|newer| stands(older, newer))
    })
}

/// The same in one cluster, from a savepoint.
fn in_place(world: &World, stands: fn(&Run, &Run) -> bool) -> bool {
    world.runs.iter().any(|run| {
        let Origin::File(file) = run.origin else { return false };
        let File { run: writer, kind, .. } = &world.files[file.0];
        let writer = writer.map(|writer| world.run(writer));
        let same = writer.filter(|writer| writer.incarnation == run.incarnation && run.announced);
        *kind == FileKind::Savepoint && same.is_some_and(|writer| stands(run, writer))
    })
}

/// Whether some run that started from a file stands to the run that wrote it as said.
fn goes_on(world: &World, stands: fn(&Run, &Run) -> bool) -> bool {
    world.runs.iter().any(|run| match run.origin {
        Origin::File(file) => {
            let writer = world.files[file.0].run.map(|run| world.run(run));
            writer.is_some_and(|writer| stands(run, writer))
        }
        Origin::Empty => false,
    })
}

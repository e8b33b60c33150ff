//! What a run starts from: its predecessor's newest state, or what else is right.

use super::{NEWEST_STATE, NOT_EMPTY, Violation, violation};
use crate::world::{AppId, End, File, FileId, FileKind, Origin, Run, RunId, World};

/// Runs whose tasks come up for the first time between the two.
pub(super) fn started<'w>(before: &'w World, after: &'w World) -> impl Iterator<Item = RunId> + 'w {
    let was = |n: usize| before.runs.get(n).is_some_and(|r| r.started);
    let new = move |n: &usize| after.runs[*n].started && !after.runs[*n].foreign && !was(*n);
    (0..after.runs.len()).filter(new).map(RunId)
}

/// The run whose state a next one has to go on from: the last one of the application that ran and
/// that Flink has named to someone. (One that nobody ever heard of is ended with its process, and
/// proves nothing: its output is repeated.)
pub(super) fn predecessor(world: &World, app: AppId, before: RunId) -> Option<RunId> {
    let counts = |n: &usize| {
        let run = &world.runs[*n];
        let ours = run.app == app && world.counts(RunId(*n));
        RunId(*n) != before && ours && run.started && run.told
    };
    (0..world.runs.len()).rev().find(counts).map(RunId)
}

/// Whether a run starts from where it should: its predecessor's newest state; or where that began,
/// if nothing newer exists, or if the user was never told that the predecessor is good (a rollback
/// to the restore point taken for the deploy, or another attempt); or from nothing, where there
/// was nothing, or the predecessor ended by itself.
pub(super) fn origin(before: &World, after: &World, id: RunId) -> Option<Violation> {
    let run = after.run(id);
    let beside = good_beside(before, run);
    let Some(last) = beside.or_else(|| predecessor(before, run.app, id)) else {
        return first_run(after, run);
    };
    let newest = before.newest_file(last);
    let predecessor = before.run(last);
    let again = run.origin == predecessor.origin && !predecessor.announced;
    match run.origin {
        _ if again => None,
        Origin::File(file) if newest == Some(file) => None,
        Origin::File(file) if beside.is_some() && sent_after(before, beside, file) => None,
        Origin::File(file) if as_the_user_said(after, run.app, last, file) => None,
        Origin::File(_) if newest.is_none() && run.origin == predecessor.origin => None,
        Origin::Empty if predecessor.end == Some(End::Finished) => None,
        Origin::Empty if after.applications[run.app.0].spec.stateless => None,
        Origin::File(file) => violation(
            NEWEST_STATE,
            format!("{id:?} starts from {file:?}, the newest of {last:?} is {newest:?}"),
        ),
        Origin::Empty => {
            violation(NOT_EMPTY, format!("{id:?} starts from nothing after {last:?} ran"))
        }
    }
}

/// The user named the file; or is content with what was seen last of the predecessor.
fn as_the_user_said(world: &World, app: AppId, last: RunId, file: FileId) -> bool {
    let spec = &world.applications[app.0].spec;
    let named = |file: FileId| spec.restored.as_ref() == Some(&world.files[file.0].path);
    // A version that began where the user said, or without state, is rolled back to what the one before it
    // had come to.
    let began_so = match world.run(last).origin {
        Origin::File(file) => named(file),
        Origin::Empty => spec.stateless,
    };
    let before = good_before(world, last).filter(|_| began_so);
    let newest_before = before.and_then(|run| came_to(world, run));
    let seen = spec.last_seen && world.files[file.0].run == Some(last);
    named(file) || newest_before == Some(file) || seen
}

/// The newest file that a run wrote; what it began from, where it has written none.
fn came_to(world: &World, run: &Run) -> Option<FileId> {
    let began_from = match run.origin {
        Origin::File(file) => Some(file),
        Origin::Empty => None,
    };
    world.newest_file(id_of(world, run)).or(began_from)
}

fn id_of(world: &World, run: &Run) -> RunId {
    RunId(world.runs.iter().position(|r| r.job == run.job).unwrap_or(usize::MAX))
}

/// Where the user wants versions beside each other: the run that a next one has to follow. The last one
/// of its own version, once that was good; else a good one that goes on, else the last good one that
/// nobody named to go, or what became of it.
fn good_beside(world: &World, run: &Run) -> Option<RunId> {
    let spec = &world.applications[run.app.0].spec;
    let own = || world.runs.iter().filter(|r| r.incarnation == run.incarnation);
    if spec.beside && own().any(|r| r.announced) {
        return last_of(world, run.incarnation);
    }
    let good = |n: &usize| is_good(&world.runs[*n]) && spec.beside;
    let all = || (0..world.runs.len()).rev().filter(good).map(RunId);
    let goes_on = |id: &RunId| world.run(*id).end.is_none();
    let wanted = |id: &RunId| spec.tear_down != Some(world.run(*id).hash);
    // Of one that ended the last one, which a recovery has started since and nobody was told of.
    let ended = || last_of(world, world.run(all().find(wanted)?).incarnation);
    all().find(goes_on).or_else(ended)
}

/// The user was told so; or it ended by itself, which is good, too.
pub(super) fn is_good(run: &Run) -> bool {
    run.announced || run.end == Some(End::Finished)
}

fn last_of(world: &World, incarnation: u32) -> Option<RunId> {
    let last = |r: &Run| r.incarnation == incarnation && r.started && r.told;
    world.runs.iter().rposition(last).map(RunId)
}

/// Every run that a next one may have to follow, where versions run beside each other.
pub(crate) fn followed_beside(world: &World) -> Vec<RunId> {
    let beside = |r: &&Run| is_good(r) && world.applications[r.app.0].spec.beside;
    let mut good: Vec<u32> = world.runs.iter().filter(beside).map(|r| r.incarnation).collect();
    good.dedup();
    good.into_iter().filter_map(|incarnation| last_of(world, incarnation)).collect()
}

/// Whether a file is the newest savepoint of the one that a run follows. What comes up while the application is
/// deleted was sent before that, and followed a good one that may have been stopped since.
fn sent_after(world: &World, beside: Option<RunId>, id: FileId) -> bool {
    let file = &world.files[id.0];
    let deleting = world.applications[file.app.0].deleting;
    let followed = |run: RunId| beside == Some(run) || deleting && is_good(world.run(run));
    file.run.is_some_and(followed) && taken_beside(world, id)
}

/// Whether a file is the newest savepoint of the run that wrote it, by what it covers: one that was begun
/// before, and was given up, can be written later. One that is made for a deletion, or that a person stops the
/// run with, comes after what was already sent.
fn taken_beside(world: &World, id: FileId) -> bool {
    let file = &world.files[id.0];
    let later = world.files[id.0 + 1..].iter();
    let savepoint = |f: &&File| f.kind == FileKind::Savepoint;
    let newer = |f: &File| f.run == file.run && f.offset >= file.offset && !by_a_person(world, f);
    let newest = !later.filter(savepoint).any(newer);
    savepoint(&file) && (newest || world.applications[file.app.0].deleting)
}

/// What a person has stopped its run with.
pub(super) fn by_a_person(world: &World, file: &File) -> bool {
    let run = file.run.map(|run| world.run(run));
    let stopped = run.filter(|run| run.end == Some(End::StoppedByAPerson));
    stopped.is_some_and(|run| file.offset + 1 == run.consumed)
}

fn first_run(world: &World, run: &Run) -> Option<Violation> {
    match run.origin {
        Origin::File(file) if world.files[file.0].run.is_some() => {
            violation(NEWEST_STATE, format!("{file:?} belongs to a run that nobody has heard of"))
        }
        Origin::File(_) | Origin::Empty => None,
    }
}

/// The run that a version under way would go back to: the last one, of another version, that the
/// user was told to be good; `None` once a run of the version itself was good.
#[must_use]
pub fn good_before(world: &World, last: RunId) -> Option<&Run> {
    let run = world.run(last);
    let mine = |r: &&Run| r.app == run.app && r.announced;
    let same = |r: &Run| r.incarnation == run.incarnation || r.hash == run.hash;
    let own = |r: &Run| same(r) && r.announced_with == run.submitted;
    let good = world.runs.iter().rposition(|r| mine(&r))?;
    let good = Some(good).filter(|n| RunId(*n) != last).map(|n| &world.runs[n])?;
    (!own(good)).then_some(good)
}

//! Effects, one after the other. The first that fails ends the round: it will be asked for again.

use flinkk8soperator_core::{Effect, Incarnation, Post, Silence, Submit};

use super::controller::Ground;
use super::outside::{Done, Failed, Outside, Part};
use super::store::{NotWritten, Store};

impl From<Silence> for Failed {
    fn from(why: Silence) -> Failed {
        Failed(format!("no answer: {why:?}"))
    }
}

impl From<NotWritten> for Failed {
    fn from(why: NotWritten) -> Failed {
        Failed(format!("not written: {why:?}"))
    }
}

/// Performs all of them, in order, up to the first that fails; the error names it.
pub(crate) fn execute(effects: &[Effect], on: &mut Ground<'_, impl Store, impl Outside>) -> Done {
    effects.iter().try_for_each(|effect| {
        one(effect, on).map_err(|Failed(why)| Failed(format!("failed to {effect}: {why}")))
    })
}

fn one(effect: &Effect, on: &mut Ground<'_, impl Store, impl Outside>) -> Done {
    match effect {
        Effect::AddFinalizer => hold(on),
        Effect::SaveRevision(target) => {
            let spec = on.job.spec.clone();
            on.outside.save_revision(target.incarnation, target.hash, &spec)
        }
        Effect::CopyRevision { from, to } => match on.outside.revision(*from)? {
            Some((spec, _)) => on.outside.save_revision(to.incarnation, to.hash, &spec),
            None => Err(Failed(format!("there is no revision {from}"))),
        },
        // It names no cluster without a number.
        Effect::RebuildRevision(_) => {
            Err(Failed("a streaming job was never another operator's".to_owned()))
        }
        Effect::CreateCluster(target) => {
            Part::ALL.iter().try_for_each(|part| on.outside.create(target.incarnation, *part))
        }
        // Its spec has no way to ask for it: `ScaleMode::NewCluster`.
        Effect::ScaleTaskManagers { .. } | Effect::SetRequirements(_) | Effect::LabelCluster(_) => {
            Err(Failed("a streaming job is not scaled in place".to_owned()))
        }
        Effect::PointService { incarnation, .. } => on.outside.point_service(*incarnation),
        Effect::Submit(submit) => send(submit, on),
        Effect::Savepoint(savepoint) => on.outside.savepoint(savepoint),
        Effect::Cancel { process, job, .. } => on.outside.cancel(*process, *job),
        Effect::DeletePod { pod } => on.outside.delete_pod(*pod),
        Effect::RemoveCluster { incarnation } => remove(*incarnation, on.outside),
        Effect::RemoveRevision(obsolete) => match on.outside.revision(obsolete.incarnation)? {
            Some((_, uid)) => on.outside.delete_revision(obsolete.incarnation, uid),
            None => Ok(()),
        },
        Effect::RemoveFinalizer => release(on),
    }
}

/// Of each part that is there, what has this UID: one that came in its place is not ours to delete.
fn remove(incarnation: Incarnation, outside: &mut impl Outside) -> Done {
    let parts = outside.parts(incarnation)?;
    parts.into_iter().try_for_each(|(part, uid)| outside.delete(incarnation, part, uid))
}

/// Sends a job once. What comes of it is advice: the machine finds out from the JobManager.
fn send(submit: &Submit, on: &mut Ground<'_, impl Store, impl Outside>) -> Done {
    let Some(under_way) = on.memory.post(submit.job).sent() else { return Ok(()) };
    let sent = on.outside.submit(submit);
    on.memory.posted(submit.job, if sent.is_ok() { under_way } else { Post::Lost });
    Ok(())
}

/// From now on the job does not vanish from the store before the machine is done with it.
fn hold(on: &mut Ground<'_, impl Store, impl Outside>) -> Done {
    if !on.job.deleting {
        on.job.held = true;
        on.write(on.job.machine.clone())?;
    }
    Ok(())
}

/// First what is in Kubernetes, then the record of it: after a crash in between there is still a
/// record that says what to do.
fn release(on: &mut Ground<'_, impl Store, impl Outside>) -> Done {
    on.outside.delete_owner()?;
    on.store.swap(on.version, None)?;
    Ok(())
}

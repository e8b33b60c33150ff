//! The demo's story: an application is deployed, updated, updated wrongly in two ways, and deleted.
//!
//! A chapter is something that the user does, what then comes by itself, and what has to be true of it;
//! the last is read from the simulated world, not from what the operator says.

use std::time::Duration;

use serde_json::{Value, json};

use crate::scene::{Job, Scene};
use crate::session::{Session, SessionError};
use crate::stage::{Stage, StageError};

/// The application of the story.
pub const NAME: &str = "wordcount";
const NAMESPACE: &str = "default";

/// A chapter that takes longer than this does not go as told; they take about ten seconds each.
const LIMIT: Duration = Duration::from_secs(60);

/// One chapter.
pub struct Chapter {
    /// Its title.
    pub title: &'static str,
    /// What there is to see.
    pub text: &'static str,
    /// What the user does.
    act: Act,
    /// Whether it is over, from how everything stood before and stands now.
    over: fn(&Scene, &Scene) -> bool,
    /// What has come true, or what has not.
    outcome: fn(&Scene, &Scene) -> Result<String, String>,
}

enum Act {
    Create,
    Spec(fn() -> Value),
    Delete,
}

/// The application as it is first deployed.
#[must_use]
pub fn application() -> Value {
    json!({
        "apiVersion": "flink.k8s.io/v1beta1",
        "kind": "FlinkApplication",
        "metadata": { "name": NAME, "namespace": NAMESPACE },
        "spec": {
            "image": "registry.example.com/wordcount:1.0.0",
            "flinkVersion": "1.20",
            "jarName": "wordcount.jar",
            "entryClass": "com.example.WordCount",
            "parallelism": 4,
            "taskManagerConfig": { "taskSlots": 2 },
            "flinkConfig": { "state.savepoints.dir": "file:///savepoints" },
        },
    })
}

/// The story.
pub const CHAPTERS: &[Chapter] = &[
    Chapter {
        title: "An application is deployed",
        text: "A cluster of its own comes up, the job is submitted, runs, and is watched for a while \
               before it counts.",
        act: Act::Create,
        over: |_, now| confirmed(now),
        outcome: |_, now| {
            let job = the_one_job(now)?;
            require(job.restored_from.is_none(), "the job began from nothing")?;
            Ok(format!("job {} runs on version {}", short(job), job.hash))
        },
    },
    Chapter {
        title: "It is updated: image 1.1.0",
        text: "A second cluster comes up beside the first. Only then the job is stopped with a \
               savepoint, and goes on from it on the new cluster. The old one is removed last.",
        act: Act::Spec(|| json!({ "image": "registry.example.com/wordcount:1.1.0" })),
        over: |before, now| {
            confirmed(now) && hash(now) != hash(before) && now.versions().len() == 1
        },
        outcome: |before, now| {
            let (old, new) = (the_one_job(before)?, the_one_job(now)?);
            goes_on(&stood(now, old)?, new)
        },
    },
    Chapter {
        title: "It is updated with an image that does not exist",
        text: "The kubelet's own words stand in the status at once. After a short grace the deploy is \
               given up. The running job is not touched at any time.",
        act: Act::Spec(|| json!({ "image": "registry.example.com/wordcount:missing" })),
        over: |_, now| failed(now) && now.versions().len() == 1,
        outcome: |before, now| {
            let (old, new) = (the_one_job(before)?, the_one_job(now)?);
            require(old.id == new.id, "the same job runs on")?;
            let error = now.application(NAME).and_then(|app| app.last_error.clone());
            let error = error.unwrap_or_default();
            require(error.contains("pulling image"), "the status has the kubelet's words")?;
            Ok(format!("job {} never stopped; the status says: {error}", short(new)))
        },
    },
    Chapter {
        title: "It is updated with an entry class that does not exist",
        text: "This shows only when the job is submitted, and the old one is stopped by then: it is \
               put back on its own cluster, from the savepoint.",
        act: Act::Spec(|| {
            json!({
                "image": "registry.example.com/wordcount:1.2.0",
                "entryClass": "com.example.NoSuchClass",
            })
        }),
        over: |_, now| failed(now) && now.versions().len() == 1 && now.running().count() == 1,
        outcome: |before, now| {
            let (old, new) = (the_one_job(before)?, the_one_job(now)?);
            require(old.hash == new.hash, "the version before runs again")?;
            goes_on(&stood(now, old)?, new)
        },
    },
    Chapter {
        title: "It is deleted",
        text: "A last savepoint is taken, then everything goes.",
        act: Act::Delete,
        over: |_, now| now.applications.is_empty() && now.objects.is_empty(),
        outcome: |before, now| {
            let last = stood(now, the_one_job(before)?)?;
            require(last.state == "stopped with a savepoint", "the job ended with a savepoint")?;
            Ok(format!("job {} stopped with a savepoint; nothing is left behind", short(&last)))
        },
    },
];

fn confirmed(scene: &Scene) -> bool {
    scene.application(NAME).is_some_and(|app| app.ready && app.rests())
}

fn failed(scene: &Scene) -> bool {
    scene.application(NAME).is_some_and(|app| app.phase == "DeployFailed" && app.rests())
}

fn hash(scene: &Scene) -> &str {
    scene.application(NAME).map(|app| app.deploy_hash.as_str()).unwrap_or_default()
}

fn short(job: &Job) -> &str {
    &job.id[..8]
}

fn require(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("not true: {what}")) }
}

fn the_one_job(scene: &Scene) -> Result<&Job, String> {
    let running: Vec<&Job> = scene.running().collect();
    match running.as_slice() {
        [job] => Ok(job),
        jobs => Err(format!("{} jobs run, not one", jobs.len())),
    }
}

/// A job of before as it is now.
fn stood(now: &Scene, job: &Job) -> Result<Job, String> {
    let found = now.jobs.iter().find(|other| other.id == job.id).cloned();
    found.ok_or_else(|| format!("job {} was forgotten", short(job)))
}

/// The new job goes on exactly where the old one stopped.
fn goes_on(old: &Job, new: &Job) -> Result<String, String> {
    require(
        old.id != new.id && old.state == "stopped with a savepoint",
        "the old job was stopped",
    )?;
    let from = new.restored_from.as_deref();
    let from = from.ok_or_else(|| "not true: the new job was restored".to_owned())?;
    if new.begins_at != old.consumed {
        return Err(format!("stopped at {}, went on at {}", old.consumed, new.begins_at));
    }
    Ok(format!("job {} went on at {} from {from}: no gap, no repeat", short(new), new.begins_at))
}

impl Act {
    async fn perform(&self, session: &Session) -> Result<(), SessionError> {
        match self {
            Act::Create => session.apply(&application()).await.map(drop),
            Act::Spec(spec) => {
                session.patch(NAMESPACE, NAME, &json!({ "spec": spec() })).await.map(drop)
            }
            Act::Delete => session.delete(NAMESPACE, NAME).await,
        }
    }
}

/// Plays the story. Returns what did not go as told.
///
/// # Errors
/// See [`StageError`].
pub async fn play(stage: &mut Stage<'_>) -> Result<Vec<String>, StageError> {
    let mut wrong = Vec::new();
    for (number, chapter) in (1..).zip(CHAPTERS) {
        stage.view().chapter((number, CHAPTERS.len()), chapter.title, chapter.text)?;
        let before = stage.look()?;
        let began = stage.session.clock().elapsed();
        chapter.act.perform(&stage.session).await?;
        let (now, over) = stage.until(LIMIT, |now| (chapter.over)(&before, now)).await?;
        let took = (stage.session.clock().elapsed() - began).as_secs_f64();
        let outcome = match over {
            true => (chapter.outcome)(&before, &now),
            false => Err(format!("it was not over after {took:.0} s")),
        };
        match outcome {
            Ok(true_now) => stage.view().say(&format!("      ✓ in {took:.1} s: {true_now}"))?,
            Err(not_true) => {
                stage.view().say(&format!("      ✗ {not_true}"))?;
                wrong.push(format!("{}: {not_true}", chapter.title));
                if !over {
                    break;
                }
            }
        }
    }
    let broken = stage.session.cluster().violations();
    wrong.extend(broken.into_iter().map(|broken| format!("{}: {}", broken.invariant, broken.what)));
    Ok(wrong)
}

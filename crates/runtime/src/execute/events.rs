//! Events on an application: `v1` `Event`s from the reference operator's component, so that what
//! people filter by goes on working.
//!
//! The same reason and message again is counted on the event that is there. An event that cannot be
//! written is logged and otherwise lost: nothing waits for it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use flinkk8soperator_api::v1beta1::{API_VERSION, KIND};
use flinkk8soperator_core::ids;
use k8s_openapi::api::core::v1::{Event as KubeEvent, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use serde_json::json;
use tokio::time::Instant;

use crate::application::Application;
use crate::kubernetes::Kubernetes;
use crate::ports::{Clock, time};

/// The reference operator's name as a source of events.
const COMPONENT: &str = "flinkK8sOperator";
/// For how long a repetition is counted on the first event, as client-go does; the API server keeps
/// events for an hour.
const TOGETHER: Duration = Duration::from_secs(10 * 60);
/// The API server refuses longer messages.
const LONGEST: usize = 1024;

/// Something to tell about an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) warning: bool,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
}

/// Events that were published lately.
#[derive(Debug, Default)]
pub(crate) struct Events(Mutex<BTreeMap<u128, Published>>);

#[derive(Clone, Debug)]
struct Published {
    name: String,
    count: i32,
    at: Instant,
}

impl Events {
    /// Publishes `news` about `app`.
    pub(crate) async fn publish(
        &self,
        kubernetes: &Kubernetes,
        clock: &dyn Clock,
        app: &Application,
        news: &News,
    ) {
        tracing::info!(app = %app.key, reason = news.reason, "{}", news.message);
        let same = ids::derive(&format!("{}/{}/{}", app.uid, news.reason, news.message));
        let now = Time(time(clock));
        let repeated = self.repeated(same);
        let outcome = match &repeated {
            Some(before) => {
                let patch = json!({ "count": before.count + 1, "lastTimestamp": now });
                let name = &before.name;
                kubernetes.patch::<KubeEvent>(&app.key.namespace, name, &patch).await.map(drop)
            }
            None => {
                let name = format!("{}.{:016x}", app.key.name, born(same, &now));
                let event = event(app, news, &name, &now);
                let published = Published { name, count: 0, at: Instant::now() };
                self.all().insert(same, published);
                kubernetes.create(&app.key.namespace, &event).await.map(drop)
            }
        };
        if let Err(error) = outcome {
            self.all().remove(&same);
            tracing::warn!(app = %app.key, reason = news.reason, %error, "event not published");
        } else if let Some(published) = self.all().get_mut(&same) {
            published.count += 1;
        }
    }

    /// The event that this one repeats. Forgets those that are too old.
    fn repeated(&self, same: u128) -> Option<Published> {
        let mut all = self.all();
        all.retain(|_, published| published.at.elapsed() < TOGETHER);
        all.get(&same).cloned()
    }

    fn all(&self) -> std::sync::MutexGuard<'_, BTreeMap<u128, Published>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A name that no other event has: what it says, and when it was first said.
fn born(same: u128, now: &Time) -> u64 {
    let name = ids::derive(&format!("{same}/{}", now.0.as_nanosecond()));
    u64::try_from(name & u128::from(u64::MAX)).unwrap_or_default()
}

fn event(app: &Application, news: &News, name: &str, now: &Time) -> KubeEvent {
    let mut message = news.message.clone();
    if message.len() > LONGEST {
        let end = message.floor_char_boundary(LONGEST - 3);
        message.truncate(end);
        message.push_str("...");
    }
    KubeEvent {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some(app.key.namespace.to_string()),
            ..ObjectMeta::default()
        },
        involved_object: ObjectReference {
            api_version: Some(API_VERSION.to_owned()),
            kind: Some(KIND.to_owned()),
            name: Some(app.key.name.to_string()),
            namespace: Some(app.key.namespace.to_string()),
            uid: Some(app.uid.to_string()),
            resource_version: app.typed.metadata.resource_version.clone(),
            ..ObjectReference::default()
        },
        reason: Some(news.reason.to_owned()),
        message: Some(message),
        type_: Some(if news.warning { "Warning" } else { "Normal" }.to_owned()),
        source: Some(EventSource { component: Some(COMPONENT.to_owned()), host: None }),
        reporting_component: Some(COMPONENT.to_owned()),
        first_timestamp: Some(now.clone()),
        last_timestamp: Some(now.clone()),
        count: Some(1),
        ..KubeEvent::default()
    }
}

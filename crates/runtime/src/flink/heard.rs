//! What came of asking a Flink, as far as it tells whether the operator is let in.

use std::sync::{Arc, Mutex, PoisonError};

use flinkk8soperator_api::project::{KeptOut, KeptOutBy};
use flinkk8soperator_flink_rest::{Error, Failure};
use flinkk8soperator_resources::FlinkRest;

/// See the module. Clones are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    last: Arc<Mutex<Option<KeptOut>>>,
    tls_secret: Option<String>,
    auth_secret: Option<String>,
    /// As messages name the Secrets.
    namespace: String,
}

impl Heard {
    /// Nothing yet.
    pub(super) fn of(rest: &FlinkRest, namespace: &str) -> Heard {
        Heard {
            last: Arc::default(),
            tls_secret: rest.tls.as_ref().map(|tls| tls.secret.clone()),
            auth_secret: rest.auth_secret.clone(),
            namespace: namespace.to_owned(),
        }
    }

    /// An answer, or none.
    pub(crate) fn hear(&self, error: Option<&Error>) {
        let heard = match error {
            Some(Error::Transport(Failure::Tls(words))) => Some(self.no_tls(words)),
            Some(Error::Denied(denied)) => Some(self.not_let_in(&denied.to_string())),
            None | Some(Error::Refused(_) | Error::Answer(_)) => None,
            // No word of whoever asks.
            Some(
                Error::Transport(_)
                | Error::Intermediary(_)
                | Error::Address(_)
                | Error::Unsupported(_),
            ) => return,
        };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = heard;
    }

    /// What keeps the operator out, by what was heard last.
    pub(super) fn get(&self) -> Option<KeptOut> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn no_tls(&self, words: &str) -> KeptOut {
        let (namespace, secret) = (&self.namespace, self.tls_secret.clone());
        let named = secret.as_deref().unwrap_or_default();
        let message =
            format!("no TLS to the JobManager by the Secret {namespace}/{named}: {words}");
        KeptOut { by: KeptOutBy::Tls, secret, message }
    }

    fn not_let_in(&self, words: &str) -> KeptOut {
        let message = match &self.auth_secret {
            Some(name) => {
                let namespace = &self.namespace;
                format!("the user of the Secret {namespace}/{name} is not let in to Flink: {words}")
            }
            None => format!(
                "Flink asks for a user and a password, which spec.flinkRest.basicAuth.secretName \
                 names the Secret of: {words}"
            ),
        };
        KeptOut { by: KeptOutBy::Password, secret: self.auth_secret.clone(), message }
    }
}

//! Every key of the configuration with another value than its default.

/// For each key a value that is not its default, and with which the application is still looked after.
pub(crate) const OTHER: &[(&str, &str)] = &[
    ("operator.limitNamespace", "default, other"),
    ("operator.labelSelector", "!legacy"),
    ("operator.workers", "7"),
    ("operator.metricsPrefix", "other"),
    ("operator.profilerPort", "1234"),
    ("operator.metricsTls.certFile", "/tls/tls.crt"),
    ("operator.metricsTls.keyFile", "/tls/tls.key"),
    ("operator.ingressUrlFormat", "{{$jobCluster}}.example.com"),
    ("operator.containerNameFormat", "%s-x"),
    ("operator.schedulerName", "volcano"),
    ("operator.ignoredMetadata", "a/,b/"),
    ("operator.useKubectlProxy", "true"),
    ("operator.proxyPort", "9"),
    ("operator.flinkAccess", "pod"),
    ("operator.leaderElection.enabled", "false"),
    ("operator.leaderElection.leaseName", "other"),
    ("operator.leaderElection.leaseDuration", "20s"),
    ("operator.leaderElection.renewDeadline", "12s"),
    ("operator.leaderElection.retryPeriod", "2s"),
    ("operator.confirmAfter", "1m30s"),
    ("operator.statusRefresh", "20s"),
    ("operator.unreachableGrace", "1s"),
    ("operator.podTroubleGrace", "2s"),
    ("operator.baseBackoffDuration", "200ms"),
    ("operator.maxBackoffDuration", "31s"),
    ("operator.maxErrDuration", "7m"),
    ("operator.flinkJobVertexTimeout", "4m"),
    ("operator.timeouts.clusterStart", "1s"),
    ("operator.timeouts.savepoint", "1s"),
    ("operator.timeouts.submit", "1s"),
    ("operator.timeouts.jobStart", "1s"),
    ("operator.timeouts.confirm", "30s"),
    ("operator.timeouts.delete", "1s"),
    ("operator.timeouts.recovery", "1s"),
    ("operator.retries.savepoint", "1"),
    ("operator.retries.submit", "1"),
    ("operator.retries.recovery", "1"),
    ("operator.retries.rollback", "1"),
    ("operator.flinkPoll.busy", "2s"),
    ("operator.flinkPoll.running", "11s"),
    ("operator.flinkPoll.max", "31s"),
    ("operator.savepointSubdirectory", "false"),
    ("operator.minPhaseDuration", "3s"),
    ("operator.resyncPeriod", "31s"),
    ("logger.level", "3"),
    ("logger.formatter.type", "text"),
    ("logger.show-source", "true"),
    ("logger.mute", "true"),
];

/// This key with another value, and what it needs beside it.
pub(crate) fn with_other(key: &str) -> Vec<(&'static str, &'static str)> {
    let needed = match key {
        // The port alone says nothing, and neither file is taken alone.
        "operator.proxyPort" => vec!["operator.useKubectlProxy", key],
        "operator.metricsTls.certFile" => vec![key, "operator.metricsTls.keyFile"],
        "operator.metricsTls.keyFile" => vec![key, "operator.metricsTls.certFile"],
        _ => vec![key],
    };
    let other = |key: &str| OTHER.iter().find(|pair| pair.0 == key).copied();
    let tried =
        needed.into_iter().map(|key| other(key).unwrap_or_else(|| panic!("{key} is not tried")));
    tried.collect()
}

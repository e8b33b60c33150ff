{{/* What the schema cannot say: values that are wrong together. */}}
{{- define "flinkk8soperator.checks" -}}
{{- if and .Values.image.tag .Values.image.digest }}
{{- fail "image.tag and image.digest: set one of them; a digest says by itself which image it is" }}
{{- end }}
{{- range $key, $_ := .Values.config.operator }}
{{- if eq (lower $key) "limitnamespace" }}
{{- fail "config.operator.limitNamespace: list the namespaces in watchNamespaces, by which the rights go, too" }}
{{- end }}
{{- if hasPrefix "metricstls" (lower $key) }}
{{- fail "config.operator.metricsTls: name the Secret in metrics.tls.secretName, by which the probes and the monitors go, too" }}
{{- end }}
{{- end }}
{{- if and .Values.metrics.tls.tlsConfig (not .Values.metrics.tls.secretName) }}
{{- fail "metrics.tls.secretName: name the Secret with the certificate that metrics.tls.tlsConfig is to check" }}
{{- end }}
{{- if and .Values.podMonitor.enabled .Values.serviceMonitor.enabled }}
{{- fail "podMonitor.enabled and serviceMonitor.enabled: set one of them; Prometheus would have every figure twice" }}
{{- end }}
{{- if and (eq (include "flinkk8soperator.elects" .) "false") (or (gt (int .Values.replicaCount) 1) (ne .Values.strategy.type "Recreate")) }}
{{- fail "config.operator.leaderElection.enabled is false: replicaCount has to be 1 then, and strategy.type Recreate, or two operators would drive the same applications" }}
{{- end }}
{{- $namespaces := list }}
{{- range .Values.flinkRest.secrets }}
{{- if has .namespace $namespaces }}
{{- fail (printf "flinkRest.secrets: the namespace %s is there twice; list all names under one" .namespace) }}
{{- end }}
{{- $namespaces = append $namespaces .namespace }}
{{- end }}
{{- if and (not .Values.configMap.create) (not .Values.configMap.name) }}
{{- fail "configMap.name: name the ConfigMap that exists, or set configMap.create" }}
{{- end }}
{{- end }}

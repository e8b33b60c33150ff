{{/* What the names of metrics begin with. */}}
{{- define "flinkk8soperator.metricsPrefix" -}}
{{- include "flinkk8soperator.setting" (dict "operator" .Values.config.operator "key" "metricsprefix") | default "flinkk8soperator" -}}
{{- end }}

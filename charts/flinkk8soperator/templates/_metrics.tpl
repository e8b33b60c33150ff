{{/* What the names of metrics begin with. */}}
{{- define "flinkk8soperator.metricsPrefix" -}}
{{- include "flinkk8soperator.setting" (dict "operator" .Values.config.operator "key" "metricsprefix") | default "flinkk8soperator" -}}
{{- end }}

{{/* Where the Secret with the certificate of metrics and health is mounted. */}}
{{- define "flinkk8soperator.tlsFolder" -}}
/etc/flinkoperator/metrics-tls
{{- end }}

{{/* The operator's arguments for it. */}}
{{- define "flinkk8soperator.tlsArgs" -}}
{{- $folder := include "flinkk8soperator.tlsFolder" . -}}
{{- list "--operator.metricsTls.certFile" (printf "%s/tls.crt" $folder) "--operator.metricsTls.keyFile" (printf "%s/tls.key" $folder) | toJson -}}
{{- end }}

{{/* How a monitor asks: over TLS, where the operator has a certificate for it. */}}
{{- define "flinkk8soperator.scrapeTls" -}}
{{- with .Values.metrics.tls }}
{{- if .secretName -}}
scheme: https
tlsConfig:
  {{- if .tlsConfig }}
  {{- toYaml .tlsConfig | nindent 2 }}
  {{- else }}
  ca:
    secret:
      name: {{ .secretName }}
      key: ca.crt
  serverName: {{ include "flinkk8soperator.fullname" $ }}-metrics.{{ $.Release.Namespace }}.svc
  {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Secrets that become environment variables. */}}
{{- define "mttr-exporter.envFrom" -}}
{{- $own := ternary (printf "%s-credentials" (include "mttr-exporter.fullname" .)) "" (not (empty .Values.credentials.values)) -}}
{{- $secret := .Values.credentials.existingSecret | default $own -}}
{{- $all := .Values.extraEnvFrom -}}
{{- if and $secret (not .Values.demo) -}}
{{- $all = prepend $all (dict "secretRef" (dict "name" $secret)) -}}
{{- end -}}
{{- with $all -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

{{- define "mttr-exporter.volumes" -}}
{{- $hasConfig := and (include "mttr-exporter.configSecret" .) (not .Values.demo) -}}
{{- $isClaimed := and .Values.persistence.enabled (not .Values.demo) -}}
volumes:
  {{- if not $isClaimed }}
  - name: data
    emptyDir: {}
  {{- else if .Values.persistence.existingClaim }}
  - name: data
    persistentVolumeClaim:
      claimName: {{ .Values.persistence.existingClaim }}
  {{- end }}
  {{- if .Values.demo }}
  - name: tmp
    emptyDir: { sizeLimit: 256Mi }
  {{- end }}
  {{- if $hasConfig }}
  - name: config
    secret:
      secretName: {{ include "mttr-exporter.configSecret" . }}
      items: [{ key: {{ ternary .Values.existingConfig.key "config.yml" (ne .Values.existingConfig.secretName "") }}, path: config.yml }]
  {{- end }}
  {{- if and .Values.web.existingSecret (not .Values.demo) }}
  - name: web
    secret:
      secretName: {{ .Values.web.existingSecret }}
  {{- end }}
  {{- with .Values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

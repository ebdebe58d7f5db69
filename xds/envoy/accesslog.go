package envoy

import (
	accesslog "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	file "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/file/v3"
	"google.golang.org/protobuf/types/known/structpb"
)

// accessLog writes one JSON object a request to path, or nothing when path is empty. The query is left out:
// it may hold a key.
func accessLog(path string) []*accesslog.AccessLog {
	if path == "" {
		return nil
	}
	fields := map[string]string{
		"time":           "%START_TIME%",
		"method":         "%REQ(:METHOD)%",
		"host":           "%REQ(:AUTHORITY)%",
		"path":           "%PATH(NQ)%",
		"protocol":       "%PROTOCOL%",
		"status":         "%RESPONSE_CODE%",
		"grpc_status":    "%GRPC_STATUS_NUMBER%",
		"details":        "%RESPONSE_CODE_DETAILS%",
		"flags":          "%RESPONSE_FLAGS%",
		"route":          "%ROUTE_NAME%",
		"cluster":        "%UPSTREAM_CLUSTER_RAW%",
		"endpoint":       "%UPSTREAM_HOST%",
		"attempts":       "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
		"bytes_received": "%BYTES_RECEIVED%",
		"bytes_sent":     "%BYTES_SENT%",
		"duration_ms":    "%DURATION%",
		"request_id":     "%REQ(X-REQUEST-ID)%",
		"client":         "%DOWNSTREAM_REMOTE_ADDRESS%",
	}
	format := &structpb.Struct{Fields: make(map[string]*structpb.Value, len(fields))}
	for name, operator := range fields {
		format.Fields[name] = structpb.NewStringValue(operator)
	}
	return []*accesslog.AccessLog{{
		Name: "envoy.access_loggers.file",
		ConfigType: &accesslog.AccessLog_TypedConfig{TypedConfig: pack(&file.FileAccessLog{
			Path: path,
			AccessLogFormat: &file.FileAccessLog_LogFormat{LogFormat: &core.SubstitutionFormatString{
				Format:          &core.SubstitutionFormatString_JsonFormat{JsonFormat: format},
				OmitEmptyValues: true,
			}},
		})},
	}}
}

package envoy

import (
	accesslog "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	matcher "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// localReplies makes Envoy's own errors JSON, as inference clients expect them: no route at all, no endpoint,
// a connection that failed, a timeout. Answers that a route gives itself carry none of these flags and stay as
// they are, and so do gRPC calls, where Envoy writes the status into trailers.
func localReplies() *hcm.LocalReplyConfig {
	return &hcm.LocalReplyConfig{Mappers: append([]*hcm.ResponseMapper{
		{
			Filter:             both(flags("NR"), notGRPC()),
			BodyFormatOverride: jsonError("no route for %REQ(:AUTHORITY)% %PATH(NQ)%"),
		},
		{
			Filter:             both(flags("NC"), notGRPC()),
			BodyFormatOverride: jsonError("the backend of route %ROUTE_NAME% is unknown to Envoy"),
		},
		{
			Filter:             both(flags("UH", "UF", "UC", "UT", "UO", "UR", "URX", "UMSDR", "LR", "OM", "SI", "DT"), notGRPC()),
			BodyFormatOverride: jsonError("%LOCAL_REPLY_BODY%"),
		},
	}, accessReplies()...)}
}

func flags(names ...string) *accesslog.AccessLogFilter {
	return &accesslog.AccessLogFilter{FilterSpecifier: &accesslog.AccessLogFilter_ResponseFlagFilter{
		ResponseFlagFilter: &accesslog.ResponseFlagFilter{Flags: names},
	}}
}

func notGRPC() *accesslog.AccessLogFilter {
	return &accesslog.AccessLogFilter{FilterSpecifier: &accesslog.AccessLogFilter_HeaderFilter{
		HeaderFilter: &accesslog.HeaderFilter{Header: &routev3.HeaderMatcher{
			Name: "content-type",
			HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: &matcher.StringMatcher{
				MatchPattern: &matcher.StringMatcher_Prefix{Prefix: "application/grpc"},
			}},
			InvertMatch:               true,
			TreatMissingHeaderAsEmpty: true,
		}},
	}}
}

func both(a, b *accesslog.AccessLogFilter) *accesslog.AccessLogFilter {
	return &accesslog.AccessLogFilter{FilterSpecifier: &accesslog.AccessLogFilter_AndFilter{
		AndFilter: &accesslog.AndFilter{Filters: []*accesslog.AccessLogFilter{a, b}},
	}}
}

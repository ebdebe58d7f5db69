package envoy

import (
	"fmt"
	"slices"
	"strings"

	accesslog "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	cel "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/filters/cel/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	matcher "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/grpc/codes"
)

// reply is what a client reads when Envoy answers by itself, and when that is.
type reply struct {
	when *accesslog.AccessLogFilter
	// text may have command operators of the access log. HTTP clients get it as {"error": text}, gRPC clients as the
	// status's message.
	text string
	// again adds Retry-After: it is worth trying in a moment.
	again bool
	// challenge is the WWW-Authenticate of an HTTP answer; empty is none.
	challenge string
	// code is the gRPC status where the one that Envoy makes of the HTTP status would mislead; 0 leaves that.
	code codes.Code
}

// localReplies makes Envoy's own errors JSON, as inference clients expect them. Answers that a route gives itself match
// nothing here and stay as they are.
func localReplies(l Limits) *hcm.LocalReplyConfig {
	config := &hcm.LocalReplyConfig{}
	for _, r := range slices.Concat(refusals(l), accessReplies(), failures()) {
		config.Mappers = append(config.Mappers, r.mappers()...)
	}
	return config
}

// refusals are the answers by which Envoy keeps a limit.
func refusals(l Limits) []reply {
	return []reply{
		{
			when: details(`== "request_payload_too_large"`), code: codes.ResourceExhausted,
			text: fmt.Sprintf("the request's body has more than %d bytes (--max-body-bytes): send less at once", l.Body),
		},
		{
			when: details(`== "reached_concurrency_limit"`), again: true,
			text: fmt.Sprintf("overloaded: %d requests are in flight (--max-requests): try again later", l.Requests),
		},
		{
			when: flags("UO"), again: true,
			text: fmt.Sprintf("overloaded: this service has %d requests in flight (--max-backend-requests): try again later", l.BackendRequests),
		},
		{when: details(`== "overload"`), again: true, text: "overloaded: the gateway's memory is used up (--max-memory): try again later"},
		{when: detailsLike("headers_too_large", "headers_count_exceeds", "too_many_headers"), text: "the request's headers are more than 60 KiB or more than 100"},
		{when: details(`== "request_header_timeout"`), text: "the request's headers did not come within " + headersTimeout.String()},
	}
}

// failures are the answers that Envoy gives where an endpoint gave none: no route, no endpoint, a connection that failed, a
// timeout, a request that is none.
func failures() []reply {
	return []reply{
		{when: flags("NR"), text: "no route for %REQ(:AUTHORITY)% %PATH(NQ)%"},
		{when: flags("NC"), text: "the backend of route %ROUTE_NAME% is unknown to Envoy"},
		{when: flags("UH", "UF", "UC", "UT", "UR", "URX", "UMSDR", "LR", "SI", "DT"), text: "%LOCAL_REPLY_BODY%"},
		{when: details(`.contains("path_normalization_failed")`), text: "the request's path is malformed, or has an escaped slash or backslash (%%2F, %%5C): write it plainly"},
		{when: detailsLike("http1.", "http2.", "missing_host_header"), text: "the request is malformed: %RESPONSE_CODE_DETAILS%"},
	}
}

// mappers are one for HTTP and one for gRPC.
func (r reply) mappers() []*hcm.ResponseMapper {
	var http, grpc []*core.HeaderValueOption
	if r.again {
		http = append(http, overwrite("retry-after", "1"))
		grpc = append(grpc, overwrite("retry-after", "1"))
	}
	if r.challenge != "" {
		http = append(http, overwrite("www-authenticate", r.challenge))
	}
	if r.code != 0 {
		grpc = append(grpc, overwrite("grpc-status", fmt.Sprint(uint32(r.code))))
	}
	return []*hcm.ResponseMapper{
		{Filter: both(r.when, content(false)), BodyFormatOverride: jsonError(r.text), HeadersToAdd: http},
		{Filter: both(r.when, content(true)), BodyFormatOverride: plain(r.text), HeadersToAdd: grpc},
	}
}

func plain(text string) *core.SubstitutionFormatString {
	return &core.SubstitutionFormatString{Format: &core.SubstitutionFormatString_TextFormatSource{TextFormatSource: inline(text)}}
}

// flags holds for an answer with one of the named response flags, or with any if none is named.
func flags(names ...string) *accesslog.AccessLogFilter {
	return &accesslog.AccessLogFilter{FilterSpecifier: &accesslog.AccessLogFilter_ResponseFlagFilter{
		ResponseFlagFilter: &accesslog.ResponseFlagFilter{Flags: names},
	}}
}

// expression holds for the requests that a CEL expression holds for.
func expression(text string) *accesslog.AccessLogFilter {
	return &accesslog.AccessLogFilter{FilterSpecifier: &accesslog.AccessLogFilter_ExtensionFilter{
		ExtensionFilter: &accesslog.ExtensionFilter{
			Name:       "envoy.access_loggers.extension_filters.cel",
			ConfigType: &accesslog.ExtensionFilter_TypedConfig{TypedConfig: pack(&cel.ExpressionFilter{Expression: text})},
		},
	}}
}

// detailsLike holds for a reason that has one of parts in it.
func detailsLike(parts ...string) *accesslog.AccessLogFilter {
	var terms []string
	for _, part := range parts {
		terms = append(terms, fmt.Sprintf("response.code_details.contains(%q)", part))
	}
	return expression(strings.Join(terms, " || "))
}

// content holds for gRPC calls, or for everything else.
func content(grpc bool) *accesslog.AccessLogFilter {
	return &accesslog.AccessLogFilter{FilterSpecifier: &accesslog.AccessLogFilter_HeaderFilter{
		HeaderFilter: &accesslog.HeaderFilter{Header: &routev3.HeaderMatcher{
			Name: "content-type",
			HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: &matcher.StringMatcher{
				MatchPattern: &matcher.StringMatcher_Prefix{Prefix: "application/grpc"},
			}},
			InvertMatch:               !grpc,
			TreatMissingHeaderAsEmpty: true,
		}},
	}}
}

func both(a, b *accesslog.AccessLogFilter) *accesslog.AccessLogFilter {
	return &accesslog.AccessLogFilter{FilterSpecifier: &accesslog.AccessLogFilter_AndFilter{
		AndFilter: &accesslog.AndFilter{Filters: []*accesslog.AccessLogFilter{a, b}},
	}}
}

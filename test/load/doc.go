// Package load asks a service at a constant rate and keeps account of every request.
//
// The load is open-loop: each request is sent at the time that the rate gives it, whatever became of those before it, and
// its latency counts from that time. A server that stalls is asked all the same, so that a stall shows as what it is to
// users, and not as a client that politely asked less. A run that can't go on so, because more requests are outstanding
// than it was allowed, fails and says so.
//
// A request is sent once. Go's clients repeat some by themselves, and here none may:
//   - [net/http.Transport] repeats a request on a kept-alive connection that turns out dead if its method is idempotent, if
//     it has no body, or if its body can be had again by GetBody. HTTP/1.1 is therefore written to connections of our own.
//     For HTTP/2 the transport is used with POSTs whose body has no GetBody, the one kind that it gives back with the error.
//     [http.Client] is left out, since it follows redirects.
//   - grpc-go repeats a call that the server says it did not begin, and can't be told not to. A gRPC call is therefore sent
//     as what it is on the wire, an HTTP/2 POST with framed messages and trailers, through the same transport.
//
// The other side is package backend: a server that writes down each request's id as it comes and as it is answered.
// [Ledger.Compare] holds both accounts together.
package load

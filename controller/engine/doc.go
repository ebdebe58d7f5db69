// Package engine runs the pod templates of Deployments as processes on this machine.
//
// It stands where a cluster's kubelet and Deployment controller would: probes, environment, volumes, restart back-off and
// rolling updates mean what they mean there. What a process cannot have on a shared machine is replaced: every replica gets
// real ports of its own instead of an address of its own (see [Pod.Ports]), and mount paths are rewritten to real
// directories wherever they stand in command, arguments and environment.
//
// One goroutine owns the Deployments and decides with pure functions (rollout.go, status.go); each pod and each container
// has a goroutine that does what was decided. Readers get immutable snapshots.
//
// A process is told where to listen by SLUICE_LISTEN_ADDRESS (the address at which its pod is reached, 127.0.0.1 unless
// [Options.Listen] says otherwise) and PORT, HTTP_PORT and GRPC_PORT; what its pod sets itself under these names stays.
// A container engine's ports are published at the same address.
//
// Its environment is small besides: PATH, HOME, LANG, TMPDIR and the user's name, then what its pod declares. The rest of
// sluice's own environment may hold credentials and is not passed on.
package engine

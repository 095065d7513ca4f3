import { type OnReadOpts, Socket, type SocketConstructorOpts } from "node:net";
import { TLSSocket } from "node:tls";

/** As much as libuv reads at once. */
const READ_BYTES = 65_536;
const shared = Buffer.allocUnsafeSlow(READ_BYTES);
/** Elsewhere a read may be under way into a buffer that was given for it beforehand. */
const readsWhenReady = process.platform !== "win32";

interface HandleOwner {
  _handle?: object | null;
}

/**
 * Begins to read a socket that was accepted paused, and answers the one to use from now on. The bytes handed to
 * `receive` are only good until it returns.
 *
 * All plain connections are read into one buffer: allocating one per read, as "data" events need it, costs as much as
 * parsing the request. Node has this (`onread`) for sockets one makes, and not for those a server accepts, so the
 * connection is moved to one we make; where that cannot be done, and for TLS, it is read by "data" events.
 */
export function readSocket(accepted: Socket, receive: (bytes: Buffer) => void): Socket {
  const { _handle: handle } = accepted as HandleOwner;
  if (readsWhenReady && handle && !(accepted instanceof TLSSocket)) {
    const onread: OnReadOpts = {
      buffer: shared,
      callback: (length) => {
        receive(length === READ_BYTES ? shared : shared.subarray(0, length));
        return true;
      },
    };
    const socket = new Socket({ handle, allowHalfOpen: true, onread } as SocketConstructorOpts);
    if ((socket as HandleOwner)._handle === handle) {
      (accepted as HandleOwner)._handle = null;
      socket.once("close", () => accepted.destroy()); // the server counts that one
      return socket;
    }
  }
  accepted.on("data", receive);
  return accepted.resume();
}

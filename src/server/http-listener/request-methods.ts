/**
 * The methods that are let pass, each to itself: the IANA registry's as far as node:http's parser knows them, so that no
 * client meets a difference. A Map and not a Set: the request then carries this string and not a slice that holds on to
 * the bytes it came in.
 */
export const requestMethods: ReadonlyMap<string, string> = new Map(
  [
    ...["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"],
    ...["ACL", "BIND", "CHECKOUT", "COPY", "LINK", "LOCK", "M-SEARCH", "MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL"],
    ...["MOVE", "NOTIFY", "PROPFIND", "PROPPATCH", "PURGE", "QUERY", "REBIND", "REPORT", "SEARCH", "SOURCE"],
    ...["SUBSCRIBE", "UNBIND", "UNLINK", "UNLOCK", "UNSUBSCRIBE"],
  ].map((method) => [method, method]),
);

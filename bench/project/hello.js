/** The Lambda behind `GET /hello`, the same file for every gateway that is measured. */
exports.handler = async (event) => ({
  statusCode: 200,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ message: "hello", principalId: principalOf(event.requestContext.authorizer) }),
});

function principalOf({ principalId, jwt }) {
  return principalId ?? jwt.claims.sub;
}

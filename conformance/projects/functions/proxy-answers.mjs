/** A proxy function that answers what the request's body says, as it is. */
export async function handler(event) {
  return JSON.parse(event.isBase64Encoded ? Buffer.from(event.body, "base64").toString() : event.body);
}

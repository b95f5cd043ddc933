// A Matrix client for one user, signed in with a session, as all pages have it.
import { ClientEvent, createClient, SyncState } from "matrix-js-sdk";
import { OnlySignedDevicesIsolationMode } from "matrix-js-sdk/lib/crypto-api";
import { logger } from "matrix-js-sdk/lib/logger";

/** Console warnings of a client library are not what a reader of a failed test's log looks for. */
logger.setLevel?.("error");

/**
 * Encrypts as Element Web does: the user's own device is signed, and devices of others that nobody signed are not
 * believed (MSC4153). `verified: false` is somebody who has logged in on a new device and not verified it.
 */
async function signDevice(client, { verified }) {
  if (verified === false) return;
  const crypto = client.getCrypto();
  crypto.setDeviceIsolationMode(new OnlySignedDevicesIsolationMode());
  await crypto.bootstrapCrossSigning({ authUploadDeviceSigningKeys: (upload) => upload(null) });
}

/** Signs in and resolves when the first sync is done. */
export async function startClient(options) {
  const { session } = options;
  const client = createClient({
    baseUrl: session.homeserver,
    userId: session.user_id,
    deviceId: session.device_id,
    accessToken: session.access_token,
    useAuthorizationHeader: true,
    // As Element Web in rooms whose encryption says so (MSC4362).
    enableEncryptedStateEvents: options.encrypted === true,
  });
  if (options.encrypted) await client.initRustCrypto({ useIndexedDB: false });
  await new Promise((resolve, reject) => {
    client.on(ClientEvent.Sync, (state, _previous, data) => {
      if (state === SyncState.Prepared) resolve();
      if (state === SyncState.Error && client.isInitialSyncComplete() === false) reject(data?.error ?? new Error("first sync failed"));
    });
    client.startClient({ initialSyncLimit: 20, threadSupport: false }).catch(reject);
  });
  if (options.encrypted) await signDevice(client, options);
  return client;
}

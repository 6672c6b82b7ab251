// Asks the IMSI service as a bank's system would: a session, an IMSI, the status, and a wrong password.
'use strict';

const soap = require('soap');

const [, , wsdl, version, login, password, number] = process.argv;

(async () => {
  const client = await soap.createClientAsync(wsdl, { forceSoap12Headers: version === '1.2' });
  const port = client.ImsiService[version === '1.2' ? 'ImsiServiceSoap12' : 'ImsiServiceSoap'];
  const call = (name, message) =>
    new Promise((resolve, reject) => {
      port[name](message, (error, result) => (error ? reject(error) : resolve(result[`${name}Result`])));
    });
  const sessionID = await call('GetSessionID', { login, password });
  const imsi = await call('GetImsi', { sessionID, destinationAddress: number });
  const status = await call('GetServiceStatus', { sessionID });
  const refused = await call('GetSessionID', { login, password: 'wrong' }).catch((error) => error.message);
  process.stdout.write(JSON.stringify({ imsi, status, refused }));
})().catch((error) => {
  process.stderr.write(String(error));
  process.exit(1);
});

// Reads {library, secret, headers, body} from standard input and says whether the library takes the delivery.
const root = process.argv[2];
const input = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const { Webhook } = require(root + '/' + input.library);
try {
  new Webhook(input.secret).verify(input.body, input.headers);
  console.log('verified');
} catch (refused) {
  console.log('refused: ' + refused.message);
}

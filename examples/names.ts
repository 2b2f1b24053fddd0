/** Prints every name that the front door offers. */
import * as sensigrad from 'sensigrad'

console.log(Object.keys(sensigrad).sort().join('\n'))

/** Each file of tests begins on the backend that `sensigrad` brings, whatever the file before it put in use. */
import { cpu } from '@sensigrad/backend-cpu'
import { useBackend } from 'sensigrad'

useBackend(cpu())

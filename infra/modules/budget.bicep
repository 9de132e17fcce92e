// A budget of the resource group, with mails. It stops nothing.
import { Budget } from '../types.bicep'

param name string
param budget Budget

resource spending 'Microsoft.Consumption/budgets@2026-06-01' = {
  name: name
  properties: {
    amount: budget.amount
    category: 'Cost'
    timeGrain: 'Monthly'
    timePeriod: {
      // Not the first of this month: a budget refuses another start than it was made with.
      startDate: budget.start
    }
    notifications: {
      spent: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: budget.emails
      }
      forecast: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: budget.emails
      }
    }
  }
}

import { Module } from '@nestjs/common';
import { IntegrationsModule } from '../integrations/integrations.module.js';
import { ImportRows } from './import-rows.js';
import { ImportsController } from './imports.controller.js';
import { ImportsService } from './imports.service.js';
import { WorkbookParser } from './workbook-parser.js';

@Module({
  imports: [IntegrationsModule],
  controllers: [ImportsController],
  providers: [ImportsService, ImportRows, WorkbookParser],
})
export class ImportsModule {}
